#!/usr/bin/env python3
"""Read a bundle of igsh and print its records as NDJSON, each secret as base64 in its place.

usage: igsh-bundle-read.py --password-file FILE BUNDLE

Written from igsh-bundle(5) and independent of igsh, so that the data can be read without igsh, and so that each program
proves the other. The whole bundle is checked before the first record is printed. Exit status: 0 printed, 1 refused.
Needs Python 3.9 and the packages cryptography, argon2-cffi and zstandard.
"""

import argparse
import base64
import datetime
import hashlib
import hmac
import json
import os
import re
import sys

try:
    import zstandard
    from argon2.low_level import Type, hash_secret_raw
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError as error:
    sys.exit(f"igsh-bundle-read: {error}; run: pip install cryptography argon2-cffi zstandard")

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHUNK = 16384
TAG = 16
MIB = 1 << 20
MAX_INTEGER = 2**53 - 1


class Refused(Exception):
    """Why the bundle is not read."""


# --- The header ------------------------------------------------------------------------------------------------------

META = re.compile(
    rb"meta id=[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    rb" created=[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z tool=igsh/[0-9A-Za-z.+-]{1,32}"
    rb" schema=(0|[1-9][0-9]*) audit=(0|[1-9][0-9]*):[0-9a-f]{64}\n"
)
KDF = re.compile(rb"-> argon2id v=19 m=([1-9][0-9]*) t=([1-9][0-9]*) p=([1-9][0-9]*) salt=([0-9A-Za-z+/]{22}==)\n")
WRAPPED = re.compile(rb"([0-9A-Za-z+/]{139}=)\n")


def unbase64(text):
    """Decode, with the unused bits zero."""
    value = base64.b64decode(text, validate=True)
    if base64.b64encode(value) != text:
        raise Refused("the header is not of the bundle format")
    return value


class Header:
    def __init__(self, file):
        head = file.read(1024)
        first = re.match(rb"igsh-bundle/([1-9][0-9]{0,8})\n", head)
        if not first:
            raise Refused("this file is not an igsh bundle")
        if first[1] != b"1":
            raise Refused(f"this bundle is of version {first[1].decode()}, newer than this reader")
        parts = head.split(b"\n", 5)
        if len(parts) < 6:
            raise Refused("the bundle's header is damaged")
        lines = [part + b"\n" for part in parts[:5]]
        if lines[4] != b"--- " + base64.b64encode(hashlib.sha256(b"".join(lines[:4])).digest()) + b"\n":
            raise Refused("the bundle's header is damaged")
        meta, kdf, wrapped = (
            pattern.fullmatch(line) for pattern, line in zip((META, KDF, WRAPPED), lines[1:4])
        )
        if meta and meta[1] != b"1":
            raise Refused(f"this bundle is of schema {meta[1].decode()}, newer than this reader")
        if not (meta and kdf and wrapped):
            raise Refused("the header is not of the bundle format")
        self.memory, self.passes, self.lanes = (int(kdf[i]) for i in (1, 2, 3))
        if not (19456 <= self.memory <= 262144 and 2 <= self.passes <= 8 and 1 <= self.lanes <= 8):
            raise Refused("the header asks for a key derivation outside the accepted bounds")
        self.salt = unbase64(kdf[4])
        self.wrapped = unbase64(wrapped[1])
        self.two_lines = b"".join(lines[:2])
        self.three_lines = b"".join(lines[:3])
        self.length = sum(map(len, lines))

    def file_key(self, password):
        derived = hash_secret_raw(password, self.salt, self.passes, self.memory, self.lanes, 32, Type.ID, 0x13)
        try:
            expanded = expand(derived, self.three_lines, self.wrapped[:56])
            return AESGCM(expanded[:32]).decrypt(expanded[32:44], self.wrapped[56:], None)
        except (Refused, InvalidTag):
            raise Refused("wrong password, or the header was changed on purpose") from None


def read_password(typed):
    """The 26 characters that count, after the two check characters have been compared."""
    typed = "".join(typed.split()).replace("-", "").upper().translate(str.maketrans("OIL", "011"))
    if len(typed) != 28 or any(c not in ALPHABET for c in typed):
        raise Refused("the password is mistyped: it has 28 digits and letters")
    digits = [ALPHABET.index(c) for c in typed]
    total = sum(weight * digit for weight, digit in enumerate(digits[:26], 1)) % 1021
    if digits[26:] != [total // 32, total % 32]:
        raise Refused("the password is mistyped: its check characters do not fit")
    return typed[:26].encode()


# --- Chunked encryption ----------------------------------------------------------------------------------------------


def expand(key, context, head):
    """Key, base nonce and commitment by HKDF-Expand with SHA-512, once the commitment has been compared."""
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + head[:24] + context
    first = hmac.digest(key, info + b"\1", "sha512")
    second = hmac.digest(key, first + info + b"\2", "sha512")
    expanded = (first + second)[:76]
    if len(head) != 56 or not hmac.compare_digest(expanded[44:], head[24:]):
        raise Refused("the bundle is damaged or cut at chunk 0")
    return expanded[:44]


class Plaintext:
    """The payload, opened chunk by chunk."""

    def __init__(self, file, header, file_key):
        file.seek(header.length)
        self.file = file
        expanded = expand(file_key, header.two_lines, file.read(56))
        self.cipher = AESGCM(expanded[:32])
        self.nonce = int.from_bytes(expanded[32:], "big")
        self.chunk = 0
        self.buffer = bytearray()
        self.last = False

    def next_chunk(self):
        nonce = (self.nonce ^ self.chunk).to_bytes(12, "big")
        try:
            opened = self.cipher.decrypt(nonce, self.file.read(CHUNK + TAG), None)
        except (InvalidTag, ValueError):
            raise Refused(f"the bundle is damaged or cut at chunk {self.chunk}") from None
        self.chunk += 1
        self.last = len(opened) < CHUNK
        self.buffer += opened

    def read(self, length):
        while len(self.buffer) < length and not self.last:
            self.next_chunk()
        if len(self.buffer) < length:
            raise Refused("the content ends before its manifest")
        taken = bytes(self.buffer[:length])
        del self.buffer[:length]
        return taken

    def at_end(self):
        while not self.buffer and not self.last:
            self.next_chunk()
        return not self.buffer


# --- Frames and blocks -----------------------------------------------------------------------------------------------


def check_frame(frame, content):
    """Exactly one zstd frame without dictionary, whose window and content are what they may be (RFC 8878)."""

    def number(at, length):
        if at + length > len(frame):
            raise Refused("a zstd frame that is cut")
        return int.from_bytes(frame[at : at + length], "little")

    if frame[:4] != b"\x28\xb5\x2f\xfd":
        raise Refused("not one zstd frame")
    descriptor = number(4, 1)
    single = bool(descriptor & 0x20)
    if descriptor & 0x0B:
        raise Refused("a zstd frame of an unknown kind, or with a dictionary")
    at = 5
    window = 0
    if not single:
        byte = number(at, 1)
        window = (1 << (10 + (byte >> 3))) // 8 * (8 + (byte & 7))
        at += 1
    length = (1 if single else 0, 2, 4, 8)[descriptor >> 6]
    stated = number(at, length) + (256 if length == 2 else 0)
    at += length
    if length == 0 or stated != content:
        raise Refused("a zstd frame whose content size is not the block's")
    if max(window, stated if single else 0) > 8 * MIB:
        raise Refused("a zstd frame with a window above 8 MiB")
    last = False
    while not last:
        head = number(at, 3)
        last, kind, size = head & 1, head >> 1 & 3, head >> 3
        if kind == 3 or size > 128 * 1024:
            raise Refused("a zstd frame with a block of an unknown kind")
        at += 3 + (1 if kind == 1 else size)
    at += 4 if descriptor & 0x04 else 0
    if at != len(frame):
        raise Refused("a zstd frame that is cut, or more than one")


def open_block(body, expected):
    """The lines and the secrets of a block."""
    if len(body) < 20:
        raise Refused("it is cut")
    number, records, json_len, zstd_len, secret_count = (
        int.from_bytes(body[at : at + 4], "big") for at in range(0, 20, 4)
    )
    if number != expected or records < 1 or json_len > 8 * MIB or 20 + zstd_len > len(body):
        raise Refused("its number, its records or its lengths are wrong")
    frame = body[20 : 20 + zstd_len]
    check_frame(frame, json_len)
    try:
        text = zstandard.ZstdDecompressor(max_window_size=8 * MIB).decompress(frame, max_output_size=json_len)
    except zstandard.ZstdError:
        raise Refused("its zstd frame does not decompress") from None
    if len(text) != json_len or text.count(b"\n") != records or not text.endswith(b"\n"):
        raise Refused("it has not as many lines as it says")
    secrets = []
    at = 20 + zstd_len
    while at < len(body):
        length = int.from_bytes(body[at : at + 4], "big")
        if at + 4 + length > len(body):
            raise Refused("its secrets are not as long as it says")
        secrets.append(body[at + 4 : at + 4 + length])
        at += 4 + length
    if len(secrets) != secret_count:
        raise Refused("its secrets are not as many as it says")
    try:
        return text.decode()[:-1].split("\n"), secrets
    except UnicodeDecodeError:
        raise Refused("its JSON is not UTF-8") from None


# --- JSON ------------------------------------------------------------------------------------------------------------


def strict_object(pairs):
    value = dict(pairs)
    if len(value) != len(pairs):
        raise Refused("a key stands twice in one object")
    return value


def strict_integer(text):
    value = int(text) if len(text) <= 17 and text != "-0" else MAX_INTEGER + 1
    if abs(value) > MAX_INTEGER:
        raise Refused(f"{text[:20]} is not an integer of at most 2^53 - 1")
    return value


def not_a_number(text):
    raise Refused(f"{text[:20]} is not an integer")


DECODER = json.JSONDecoder(
    object_pairs_hook=strict_object,
    parse_int=strict_integer,
    parse_float=not_a_number,
    parse_constant=not_a_number,
)


def strict_json(text):
    try:
        value = DECODER.decode(text)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Refused("a surrogate that stands alone") from None
    except (ValueError, RecursionError):
        raise Refused("not JSON") from None
    if not isinstance(value, dict):
        raise Refused("not a JSON object")
    return value


# --- Records ---------------------------------------------------------------------------------------------------------

TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")


class Secrets:
    """The secrets of a block, given out in order and each once."""

    def __init__(self, secrets):
        self.secrets = secrets
        self.given = 0

    def take(self, value):
        if not isinstance(value, dict) or list(value) != ["$secret"] or type(value["$secret"]) is not int:
            raise Refused('{"$secret":n} is expected')
        if value["$secret"] != self.given or self.given >= len(self.secrets):
            raise Refused("secrets are not numbered in order, or one is missing")
        self.given += 1
        return self.secrets[self.given - 1]


def text(value, _):
    if not isinstance(value, str):
        raise Refused("text is expected")
    return value


def flag(value, _):
    if not isinstance(value, bool):
        raise Refused("true or false is expected")
    return value


def signed(value, _):
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused("an integer is expected")
    return value


def whole(value, _, most=MAX_INTEGER):
    if signed(value, _) < 0 or value > most:
        raise Refused("an integer is out of range")
    return value


def short(value, _):
    return whole(value, _, 2**32 - 1)


def time(value, _):
    try:
        if TIME.fullmatch(text(value, _)) and datetime.datetime.fromisoformat(value[:19]):
            return value
    except ValueError:
        pass
    raise Refused("a time in UTC is expected")


def secret(value, secrets):
    return base64.b64encode(secrets.take(value)).decode()


def secret_text(value, secrets):
    taken = secrets.take(value)
    try:
        taken.decode()
    except UnicodeDecodeError:
        raise Refused("this secret is not UTF-8") from None
    return base64.b64encode(taken).decode()


def one_of(*names):
    def check(value, _):
        if value not in names or not isinstance(value, str):
            raise Refused("one of " + ", ".join(names) + " is expected")
        return value

    return check


def every(item):
    def check(value, secrets):
        if not isinstance(value, list):
            raise Refused("a list is expected")
        return [item(one, secrets) for one in value]

    return check


def an_object(required, optional):
    fields = {**required, **optional}

    def check(value, secrets):
        if not isinstance(value, dict):
            raise Refused("an object is expected")
        checked = {}
        for key, one in value.items():
            if key not in fields:
                raise Refused(f"there is no '{key}' here")
            checked[key] = fields[key](one, secrets)
        for key in required:
            if key not in value:
                raise Refused(f"'{key}' is missing")
        if "cells" in value:
            check_cells(checked)
        return checked

    return check


def check_cells(card):
    cells = base64.b64decode(card["cells"])
    if not cells or cells[0] == 0 or len(cells) != 1 + cells[0] * card["rows"] * card["columns"]:
        raise Refused("the cells do not fit the card's rows and columns")


STATE = one_of("ACTIVE", "INACTIVE")
CARD_STATE = one_of("ACTIVE", "PENDING", "INACTIVE")
TOKEN = {
    "vendor": text,
    "serial": text,
    "kind": one_of("hardware", "soft"),
    "algorithm": one_of("totp", "hotp", "ocra", "cr", "at"),
    "seed": secret,
}
TOKEN_OPTIONAL = {
    "model": text,
    "hash": one_of("sha1", "sha256", "sha512"),
    "digits": short,
    "step": short,
    "counter": whole,
    "drift": signed,
    "idpUrl": text,
    "transactions": flag,
    "loadDate": time,
    "lastUsed": time,
    "expires": time,
    "issueNo": text,
    "keyId": text,
    "comment": text,
    "unlock": secret,
}
CARD = {"serial": whole, "rows": short, "columns": short, "cells": secret}
CARD_OPTIONAL = {
    "created": time,
    "expires": time,
    "superseded": time,
    "usage": one_of("unknown", "none", "warning", "replacement"),
    "challengeCount": whole,
    "leastUsedCell": whole,
    "cellUsage": every(whole),
}
CONTACT = an_object({"label": text, "value": text}, {"default": flag})
QA = an_object({"question": text, "answer": secret_text}, {})
PASSWORD = an_object({"value": secret_text}, {"name": text, "expires": time, "mustChange": flag})
LOCATION = an_object(
    {}, {"country": text, "region": text, "city": text, "isp": text, "ip": text, "lastAuth": time}
)
RBA = an_object(
    {}, {"maxLocations": whole, "checkIp": flag, "checkVelocity": flag, "maxExpectedLocations": whole}
)
RECORDS = {
    "group": an_object({"type": text, "name": text}, {"default": flag}),
    "user": an_object(
        {"type": text, "userId": text, "group": text, "state": STATE},
        {
            "sourceUserId": text,
            "fullName": text,
            "aliases": every(text),
            "contacts": every(CONTACT),
            "qa": every(QA),
            "passwords": every(PASSWORD),
            "tokens": every(an_object({**TOKEN, "state": STATE}, TOKEN_OPTIONAL)),
            "cards": every(an_object({**CARD, "state": CARD_STATE}, CARD_OPTIONAL)),
            "locationHistory": every(LOCATION),
            "expectedLocations": every(text),
            "rba": RBA,
        },
    ),
    "token": an_object({"type": text, "group": text, **TOKEN}, {**TOKEN_OPTIONAL, "state": STATE}),
    "card": an_object(
        {"type": text, "group": text, **CARD},
        {**CARD_OPTIONAL, "preproduced": flag, "comment": text, "state": CARD_STATE},
    ),
}


def record(line, secrets):
    value = strict_json(line)
    if next(iter(value), None) != "type" or value["type"] not in ("group", "user", "token", "card"):
        raise Refused('a record begins with its "type": group, user, token or card')
    return RECORDS[value["type"]](value, secrets)


REASONS = (
    "token.state token.activation token.model token.function token.limit card.state card.expired qa.truncated qa.limit"
    " alias.workflow user.gone user.excluded user.conflict biometrics certificates mutualAuth otps pvns machineSecrets"
    " smartCredentials temporaryPins mobileDigitalIds roles userAccessGroups"
).split()
MANIFEST = an_object(
    {
        "blocks": short,
        "records": an_object({}, dict.fromkeys(RECORDS, whole)),
        "notTaken": an_object({}, dict.fromkeys(REASONS, whole)),
        "selection": text,
        "by": text,
    },
    {},
)


# --- The two passes --------------------------------------------------------------------------------------------------


def read(plaintext):
    """Each record of the plaintext; afterwards everything has been checked."""
    blocks = 0
    found = dict.fromkeys(RECORDS, 0)
    while True:
        head = plaintext.read(5)
        kind, length = head[0], int.from_bytes(head[1:], "big")
        if kind not in (1, 2) or length > 1 << 24:
            raise Refused(f"frame {blocks} is neither a block nor the manifest, or above 16 MiB")
        body = plaintext.read(length)
        if kind == 2:
            break
        place = f"block {blocks}"
        try:
            lines, secrets = open_block(body, blocks)
            given = Secrets(secrets)
            for number, line in enumerate(lines, 1):
                place = f"block {blocks}, line {number}"
                value = record(line, given)
                found[value["type"]] += 1
                yield value
            place = f"block {blocks}"
            if given.given != len(secrets):
                raise Refused("it has secrets that no record names")
        except Refused as error:
            raise Refused(f"{place}: {error}") from None
        blocks += 1
    try:
        if length > MIB:
            raise Refused("it has more than 1 MiB")
        if not plaintext.at_end():
            raise Refused("there is something after it")
        manifest = MANIFEST(strict_json(body.decode()), None)
    except UnicodeDecodeError:
        raise Refused("manifest: it is not UTF-8") from None
    except Refused as error:
        raise Refused(f"manifest: {error}") from None
    if manifest["blocks"] != blocks or {**dict.fromkeys(RECORDS, 0), **manifest["records"]} != found:
        raise Refused("manifest: it does not count as many blocks and records as there are")


def main():
    arguments = argparse.ArgumentParser(description="Print the records of an igsh bundle as NDJSON.")
    arguments.add_argument("--password-file", required=True, help="file that holds the bundle's password")
    arguments.add_argument("bundle")
    arguments = arguments.parse_args()
    with open(arguments.bundle, "rb") as file:
        header = Header(file)
        with open(arguments.password_file, encoding="utf-8") as password_file:
            password = read_password(password_file.read())
        file_key = header.file_key(password)
        for _ in read(Plaintext(file, header, file_key)):
            pass
        out = sys.stdout.buffer
        for value in read(Plaintext(file, header, file_key)):
            out.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        out.flush()


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (Refused, OSError, UnicodeDecodeError) as error:
        sys.exit(f"igsh-bundle-read: {error}")
