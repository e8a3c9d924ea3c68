import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.plain_text import ROW, part_text
from kilter.data.reading import read
from kilter.values.errors import DataError, UsageError

texts = st.text(st.characters(exclude_characters="\0\ufeff", codec="utf-8"), max_size=700).filter(str.strip)


def written(folder, data, name="train.txt"):
    path = folder / name
    path.write_bytes(data)
    return path


@given(texts)
def test_rows_joined_are_the_text_and_equally_long_but_the_last(text):
    stream = part_text(text, name="f")
    assert "".join(stream.column) == text
    assert {len(row) for row in stream.column[:-1]} <= {ROW}
    assert 1 <= len(stream.column[-1]) <= ROW
    assert all(text[place:].startswith(row) for place, row in zip(stream.places, stream.column, strict=True))


def test_ids_count_the_characters_before(tmp_path):
    reading = read(written(tmp_path, ("é" * 600).encode()))
    assert reading.table.ids == ("train.txt@0", "train.txt@256", "train.txt@512")
    assert reading.stream
    assert reading.described == "plain text, UTF-8: 600 characters, 1 different"


def test_line_ends_are_kept_and_said(tmp_path):
    reading = read(written(tmp_path, b"one\r\ntwo\r\nthree\rfour"))
    assert "".join(reading.table.columns["text"]) == "one\r\ntwo\r\nthree\rfour"
    assert any("2 lines end in CR LF" in note for note in reading.notes)
    assert any("1 carriage return without a line feed" in note for note in reading.notes)


def test_signs_that_were_lost_before_are_said():
    assert part_text("a\ufffdb\ufffd", name="f").notes == (
        "2 replacement characters (U+FFFD): signs were lost before this file",
    )


def test_a_mark_is_no_part_of_the_text(tmp_path):
    reading = read(written(tmp_path, codecs.BOM_UTF16_LE + "to be".encode("utf-16-le")))
    assert reading.table.columns["text"].tolist() == ["to be"]
    assert "UTF-16-LE with a byte-order mark" in reading.described


def test_a_given_encoding_is_taken(tmp_path):
    reading = read(written(tmp_path, "Où est-il ?".encode("latin-1")), encoding="latin-1")
    assert reading.table.columns["text"].tolist() == ["Où est-il ?"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", r"is empty \(0 bytes\)"),
        (b" \n\n ", "holds only 4 blank characters"),
        (codecs.BOM_UTF8, "holds no character"),
        (b"to be\0or not", "holds a NUL byte at offset 5"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not UTF-8"),
        ("Où est-il ?".encode("latin-1"), "set `encoding: cp1252`"),
    ],
)
def test_what_is_no_text_is_refused_in_one_sentence(tmp_path, data, said):
    with pytest.raises(DataError, match=said):
        read(written(tmp_path, data))


def test_what_decides_nothing_for_a_text_is_refused(tmp_path):
    with pytest.raises(UsageError, match="separator = ',' decides nothing"):
        read(written(tmp_path, b"to be"), separator=",")
