"""The sums over a vault's decisions, made from their description alone.

    python3 sums.py VECTOR.json

VECTOR.json has the audit key "ak", "vid" and the salt "r" (hexadecimal), the "generation", and under "tables" each
table with its rows; a value is null, a whole number, a text, or {"blob": "hexadecimal"}. Prints the object that an
entry of the audit holds under "state".
"""

import hashlib
import hmac
import json
import sys


def code(key, *parts):
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def u16(number):
    return number.to_bytes(2, "big")


def u32(number):
    return number.to_bytes(4, "big")


def lp(octets):
    return u32(len(octets)) + octets


def val(value):
    if value is None:
        return b"\x00"
    if isinstance(value, int):
        return b"\x01" + value.to_bytes(8, "big", signed=True)
    if isinstance(value, str):
        return b"\x02" + lp(value.encode())
    return b"\x03" + lp(bytes.fromhex(value["blob"]))


def state(vector):
    vid, r = bytes.fromhex(vector["vid"]), bytes.fromhex(vector["r"])
    audit_key = bytes.fromhex(vector["ak"])
    key = code(audit_key, b"igsh-state-key/1", b"\0", vid, u32(vector["generation"]))
    out = {"v": 1, "r": r.hex()}
    for table, rows in vector["tables"].items():
        t = lp(table.encode())
        total = int.from_bytes(code(key, b"igsh-pad/1", b"\0", t, r), "big")
        for row in rows:
            message = [b"igsh-row/1", b"\0", t, u16(len(row)), *map(val, row)]
            total += int.from_bytes(code(key, *message), "big")
        out[table] = [len(rows), (total % 2**256).to_bytes(32, "big").hex()]
    return out


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        print(json.dumps(state(json.load(file)), separators=(",", ":")))
