"""Logs put together byte by byte."""

import struct
import zlib
from types import SimpleNamespace

import pytest

HEADER = b":W&B\xe1\xbe\x00"


def varint(number):
    number &= 2**64 - 1
    parts = bytearray()
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes(parts) + bytes([number])


def field(number, value):
    """A field of a message: a whole number, a float, a text or what is already in bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def item(name, text, *, parts=False):
    """A value of a history in JSON, under its key or under the parts of its name."""
    names = b"".join(field(2, part) for part in name.split(".")) if parts else field(1, name)
    return field(1, names + field(16, text))


def history(step, *items):
    return field(1, 7) + field(2, b"".join(items) + field(2, field(1, step)))


def run(identity, name=""):
    return field(17, field(1, identity) + (field(8, name) if name else b""))


def metric(name, step, *, pattern=False):
    return field(12, field(2 if pattern else 1, name) + field(4, step))


def chunk(kind, data):
    return struct.pack("<IHB", zlib.crc32(bytes([kind]) + data), len(data), kind) + data


def file_of(*records):
    """Records in blocks of 32 KiB: whole, or a first, middle ones and a last."""
    content = bytearray(HEADER)
    for record in records:
        left_over, begun = record, False
        while True:
            left = 32768 - len(content) % 32768
            if left < 7:
                content += bytes(left)
                continue
            data, left_over = left_over[: left - 7], left_over[left - 7 :]
            content += chunk({(0, 0): 2, (0, 1): 1, (1, 0): 3, (1, 1): 4}[begun, not left_over], data)
            begun = True
            if not left_over:
                break
    return bytes(content)


@pytest.fixture(scope="session")
def offline():
    """What W&B's offline file is put together from."""
    return SimpleNamespace(
        header=HEADER, field=field, item=item, history=history, run=run, metric=metric, chunk=chunk, file_of=file_of
    )
