import gzip
import os
import zlib

import pytest

from kilter.data import contents
from kilter.data.contents import read_bytes
from kilter.values.errors import DataError


def test_plain_bytes(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes(b"a,b\n")
    assert read_bytes(file) == b"a,b\n"


def test_several_members_of_a_gzip_file_are_one(tmp_path):
    file = tmp_path / "a.jsonl.gz"
    file.write_bytes(gzip.compress(b"one\n") + gzip.compress(b"two\n") + b"\0\0")
    assert read_bytes(file) == b"one\ntwo\n"


def test_a_missing_file_is_met_with_the_nearest_name(tmp_path):
    (tmp_path / "train.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match=r"tran\.csv does not exist: did you mean '.*train\.csv'\?"):
        read_bytes(tmp_path / "tran.csv")


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(DataError, match="nor does the folder"):
        read_bytes(tmp_path / "nowhere" / "train.csv")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(DataError, match="is a folder"):
        read_bytes(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_said(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("a\n")
    file.chmod(0)
    with pytest.raises(DataError, match=r"cannot be read: Permission denied; check the path"):
        read_bytes(file)


@pytest.mark.parametrize(("name", "data"), [("a.csv", b""), ("a.csv.gz", gzip.compress(b"", mtime=0))])
def test_an_empty_file_is_said(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match="empty"):
        read_bytes(tmp_path / name)


@pytest.mark.parametrize("header_lines", [0, 1])
def test_a_truncated_file_says_how_many_rows_it_still_holds(tmp_path, header_lines):
    whole = b"".join(b"%d,%d\n" % (line, line * line * 7919) for line in range(500))
    packed = gzip.compress(whole)
    file = tmp_path / "a.csv.gz"
    file.write_bytes(packed[: len(packed) // 2])
    held = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(packed[: len(packed) // 2])
    assert whole.startswith(held)
    rows = held.count(b"\n") - header_lines
    with pytest.raises(DataError, match=f"end early, {rows} whole rows"):
        read_bytes(file, header_lines=header_lines)


def test_a_damaged_file_is_said(tmp_path):
    packed = bytearray(gzip.compress(b"one\n" * 1000))
    packed[-6] ^= 255  # in the checksum
    (tmp_path / "a.jsonl.gz").write_bytes(bytes(packed))
    with pytest.raises(DataError, match="is damaged"):
        read_bytes(tmp_path / "a.jsonl.gz")


def test_a_plain_file_named_gz_is_said(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(b"a,b\n1,2\n")
    with pytest.raises(DataError, match="is no gzip file"):
        read_bytes(tmp_path / "a.csv.gz")


def test_a_file_that_swells_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(contents, "PIECE", 1000)
    monkeypatch.setattr(contents, "SUSPICIOUS", 100_000)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"0" * 10_000_000))
    with pytest.raises(DataError, match=r"swells to more than 1,951,000.*at most 200 times"):
        contents.read_bytes(path)


def test_pieces_make_the_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(contents, "PIECE", 7)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"one,two\n" * 50) + gzip.compress(b"three,four\n" * 50))
    assert contents.read_bytes(path) == b"one,two\n" * 50 + b"three,four\n" * 50
