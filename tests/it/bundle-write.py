"""Write a bundle from the text of igsh-bundle(5) alone: usage bundle-write.py PASSWORD BUNDLE

It differs from igsh wherever the manual leaves a choice: blanks and escapes in JSON, uncompressed and checksummed
zstd frames, a block for each record, the order of members, fractions of seconds, counts of nothing left out.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import uuid

import zstandard
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def c256(key, context, plaintext):
    salt = os.urandom(24)
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM" + b"\0" + salt + context
    first = hmac.digest(key, info + b"\1", "sha512")
    expanded = first + hmac.digest(key, first + info + b"\2", "sha512")[:12]
    aead, base_nonce = AESGCM(expanded[:32]), int.from_bytes(expanded[32:44], "big")
    sealed = salt + expanded[44:]
    for chunk in range(len(plaintext) // 16384 + 1):
        nonce = (base_nonce ^ chunk).to_bytes(12, "big")
        sealed += aead.encrypt(nonce, plaintext[chunk * 16384 : (chunk + 1) * 16384], None)
    return sealed


def frame(kind, body):
    return bytes([kind]) + len(body).to_bytes(4, "big") + body


def block(number, records, secrets):
    text = "".join(json.dumps(record) + " \t\r\n" for record in records).encode()
    level = zstandard.ZstdCompressor(level=1 + 18 * (number % 2), write_checksum=True)
    fields = [number, len(records), len(text), len(level.compress(text)), len(secrets)]
    return frame(
        1,
        b"".join(field.to_bytes(4, "big") for field in fields)
        + level.compress(text)
        + b"".join(len(secret).to_bytes(4, "big") + secret for secret in secrets),
    )


def secret(number):
    return {"$secret": number}


TOKEN = {"vendor": "Änn/\u0001", "serial": "1", "kind": "hardware", "algorithm": "hotp", "counter": 2**53 - 1}
BLOCKS = [
    ([{"type": "group", "default": False, "name": "sales"}, {"type": "group", "name": "\U0001f600\u2028"}], []),
    (
        [
            {
                "type": "user",
                "state": "INACTIVE",
                "cards": [
                    {"cells": secret(0), "columns": 2, "rows": 1, "serial": 7, "state": "PENDING", "cellUsage": []}
                ],
                "tokens": [{"unlock": secret(1), "seed": secret(2), **TOKEN, "state": "ACTIVE", "drift": -3}],
                "passwords": [{"value": secret(3), "expires": "2026-01-02T03:04:05.250Z"}],
                "qa": [],
                "group": "sales",
                "userId": "a",
                "rba": {},
            }
        ],
        [b"\1AB", b"unlock", os.urandom(0), "pässword".encode()],
    ),
    ([{"type": "token", "group": "sales", **TOKEN, "seed": secret(0)}], [b"s" * 40000]),
    (
        [
            {
                "type": "card",
                "group": "sales",
                "preproduced": False,
                "serial": 8,
                "rows": 1,
                "columns": 1,
                "cells": secret(0),
            }
        ],
        [b"\2XY"],
    ),
]


def main(password, path):
    two = (
        f"igsh-bundle/1\nmeta id={uuid.uuid4()} created=2026-11-22T00:00:00Z tool=igsh/0-python schema=1"
        f" audit=0:{'00' * 32}\n"
    )
    salt, file_key = os.urandom(16), os.urandom(32)
    three = two + f"-> argon2id v=19 m=19456 t=2 p=1 salt={base64.b64encode(salt).decode()}\n"
    derived = hash_secret_raw(password.replace("-", "")[:26].encode(), salt, 2, 19456, 1, 32, Type.ID, 19)
    four = three.encode() + base64.b64encode(c256(derived, three.encode(), file_key)) + b"\n"
    five = four + b"--- " + base64.b64encode(hashlib.sha256(four).digest()) + b"\n"
    manifest = {
        "by": "Master3",
        "selection": "export \"x\"",
        "notTaken": {"roles": 2, "qa.limit": 1},
        "records": {"user": 1, "group": 2, "card": 1, "token": 1},
        "blocks": len(BLOCKS),
    }
    plaintext = b"".join(block(number, *content) for number, content in enumerate(BLOCKS))
    plaintext += frame(2, json.dumps(manifest).encode())
    with open(path, "wb") as file:
        file.write(five + c256(file_key, two.encode(), plaintext))


main(*sys.argv[1:])
