import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.decoding import decode
from kilter.values.errors import DataError, UsageError

texts = st.text(st.characters(exclude_characters="\0\ufeff", codec="utf-8"))


@given(texts, st.sampled_from(["utf-8-sig", "utf-16", "utf-32"]))
def test_a_marked_file_needs_no_word(text, encoding):
    decoded = decode(text.encode(encoding), name="f")
    assert decoded.text == text
    assert decoded.marked
    assert "byte-order mark" in decoded.described


@given(texts)
def test_utf_8_is_read_as_it_is(text):
    decoded = decode(text.encode(), name="f")
    assert (decoded.text, decoded.encoding, decoded.marked) == (text, "utf-8", False)


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE])
@pytest.mark.parametrize("said", ["utf-16", None])
def test_the_mark_decides_the_order_of_bytes(mark, said):
    exact = "utf-16-be" if mark == codecs.BOM_UTF16_BE else "utf-16-le"
    assert decode(mark + "text".encode(exact), name="f", encoding=said).text == "text"


def test_a_given_encoding_is_taken():
    assert decode("Où".encode("latin-1"), name="f", encoding="latin-1").text == "Où"


def test_a_mark_against_the_given_encoding_is_refused():
    with pytest.raises(DataError, match="byte-order mark of utf-8, and `encoding: cp1252` is set"):
        decode("Où".encode("utf-8-sig"), name="f", encoding="cp1252")


def test_every_faulty_line_is_said_with_its_offset_and_the_likely_encoding():
    data = b"good\n" + "Où\n".encode("cp1252") + b"good\n" + "é…\n".encode("cp1252")
    with pytest.raises(DataError, match="set `encoding: cp1252`") as caught:
        decode(data, name="f.csv")
    assert [fault.where for fault in caught.value.faults] == ["f.csv:2", "f.csv:4"]
    assert "byte 0xF9 at offset 6 of the file" in caught.value.faults[0].met
    assert "'Où'" in caught.value.faults[0].legal


def test_bytes_that_cp1252_lacks_are_latin_1():
    with pytest.raises(DataError, match="looks like latin-1"):
        decode(b"a\x81\xff\n", name="f")


def test_a_wrong_encoding_is_said_with_its_offset():
    with pytest.raises(DataError, match=r"byte 0xF9 at offset 1 is no ascii"):
        decode(b"O\xf9", name="f", encoding="ascii")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_two_byte_text_without_a_mark_is_recognised(encoding):
    with pytest.raises(DataError, match=f"set `encoding: {encoding}`"):
        decode("text,label\none,two\n".encode(encoding), name="f")


def test_binary_data_are_recognised():
    with pytest.raises(DataError, match="looks like binary data"):
        decode(b"PK\x03\x04ab\0cdefgh", name="f")


@pytest.mark.parametrize("encoding", ["utf-9", "hex"])
def test_an_unknown_encoding_is_refused(encoding):
    with pytest.raises(UsageError, match=f"encoding '{encoding}'"):
        decode(b"a", name="f", encoding=encoding)
