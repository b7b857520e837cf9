#!/usr/bin/env python3
"""Put the first inputs of every fuzz target into tests/fuzz/corpus.

They are the corpora of the grammar, the examples of igsh-source(5), and the bundles of tests/fixtures and tests/vectors,
opened. Needs Python 3.9 and the packages cryptography, argon2-cffi and zstandard.
"""

import gzip
import importlib.util
import json
import pathlib
import re
import textwrap

import zstandard

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests/fuzz/corpus"

spec = importlib.util.spec_from_file_location("reader", ROOT / "scripts/igsh-bundle-read.py")
reader = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reader)


def seed(target, name, content):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def examples(page):
    """The literal blocks of a manual page."""
    text = (ROOT / "man" / page).read_text()
    blocks = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", text, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(re.sub(r"\\[&e]", lambda m: {"&": "", "e": "\\"}[m[0][1]], block)) for block in blocks]


def one_line_each(text):
    """An example's records, which the page breaks into lines, each on its own line."""
    return re.sub(r"\n +", "", text)


def opened(bundle, password):
    """The content of a bundle, and its blocks as (lines, secrets)."""
    with open(bundle, "rb") as file:
        header = reader.Header(file)
        plaintext = reader.Plaintext(file, header, header.file_key(reader.read_password(password.read_text())))
        content, blocks = b"", []
        while True:
            head = plaintext.read(5)
            body = plaintext.read(int.from_bytes(head[1:], "big"))
            content += head + body
            if head[0] == 2:
                return content, blocks
            zstd_len = int.from_bytes(body[12:16], "big")
            lines = zstandard.ZstdDecompressor().decompress(body[20 : 20 + zstd_len])
            blocks.append((lines, body[20 + zstd_len :]))


for script in sorted(ROOT.glob("grammar/*/*.igsh")):
    seed("language", f"{script.parent.name}-{script.stem}", script.read_bytes())

for number, example in enumerate(examples("igsh-source.5")):
    if example.startswith('{"type"'):
        lines = one_line_each(example).encode()
        seed("ndjson", f"manual-{number}", lines)
        seed("compressed", f"manual-{number}", lines)
        seed("compressed", f"manual-{number}.gz", gzip.compress(lines, mtime=0))
        seed("compressed", f"manual-{number}.zst", zstandard.compress(lines))
    elif example.startswith(("version:", "dn:")):
        for choice in range(8):
            seed("ldif", f"manual-{number}-{choice}", bytes([choice]) + example.encode())
    elif example.startswith("<?xml"):
        seed("pskc", f"manual-{number}", example.encode())

names = ["anna", "bo", '"a b"', "# a comment", ""]
seed("names", "names", "\n".join(names).encode())
rows = [["userid", "group", "targetUserId", "message"], ["anna", "sales", "anna@example.com", 'a "word"'], ["bo", "hr", "", ""]]
answers = [["user", "record", "outcome", "message"], ["anna", "card 7", "added", ""], ["", "group hr", "error", "why, then"]]
audit = [["Time", "User", "Event", "Text"], ["1", "anna", "user.add", ""], ["2", "bo", "user.error", "why"]]
for name, delimiter in (("comma", ","), ("semicolon", ";"), ("bar", "|"), ("tab", "\t")):
    for target, table in (("sheet", rows), ("answers", answers), ("answers", audit)):
        quoted = [['"' + value.replace('"', '""') + '"' for value in row] for row in table]
        text = "".join(delimiter.join(row) + "\r\n" for row in quoted).encode()
        seed(target, f"{table[0][0]}-{name}", text)
        if target == "sheet":
            seed(target, f"{name}-utf-16", text.decode().encode("utf-16"))
lines = [json.dumps(dict(zip(answers[0], row))) + "\n" for row in answers[1:]]
seed("answers", "json", "".join(lines).encode())

bundles = sorted(ROOT.glob("tests/fixtures/*/*.igb")) + sorted(ROOT.glob("tests/vectors/*.igb"))
for bundle in bundles:
    content, blocks = opened(bundle, bundle.with_suffix(".password"))
    seed("header", bundle.stem, bundle.read_bytes()[:1024])
    seed("payload", bundle.stem, b"\0" + content)
    for number, (lines, secrets) in enumerate(blocks):
        seed("payload", f"{bundle.stem}-block-{number}", b"\1" + lines + b"\0" + secrets)

for folder in sorted(CORPUS.iterdir()):
    print(f"{folder.name}: {sum(1 for _ in folder.iterdir())} inputs")
