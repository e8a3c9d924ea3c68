import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.delimited import part
from kilter.values.errors import DataError

fields = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=8)
sheets = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(fields, min_size=width, max_size=width), min_size=1, max_size=8)
)


def written(header, rows, separator, ends):
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=separator, lineterminator=ends, quoting=csv.QUOTE_ALL)
    writer.writerows([header, *rows])
    return file.getvalue()


@given(sheets, st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n", "\r"]))
def test_what_was_written_is_read(rows, separator, ends):
    header = [f"c{number}" for number in range(len(rows[0]))]
    sheet = part(written(header, rows, separator, ends), name="f", separator=separator)
    assert [list(row) for row in zip(*sheet.cells.values(), strict=True)] == rows
    assert list(sheet.cells) == header


@pytest.mark.parametrize("separator", list(",;\t|"))
def test_the_separator_is_found(separator):
    text = separator.join("abc") + "\n" + separator.join(["1,5", "two; three", "x"]).replace(separator * 2, "") + "\n"
    quoted = "\n".join(
        separator.join(f'"{field}"' for field in row) for row in (["a", "b"], ["1,5;6|7", "x\ty"], ["2", "z"])
    )
    assert part(quoted, name="f").separator == separator
    if separator not in ",;":
        assert part(text, name="f").separator == separator


def test_one_column_with_commas_in_quotes_is_one_column():
    sheet = part('text\n"a, b"\n"c, d"\n', name="f")
    assert sheet.cells == {"text": ("a, b", "c, d")}


def test_lines_are_where_records_begin():
    sheet = part('a,b\n"1\n2",3\n\n4,5\n', name="f")
    assert list(sheet.lines) == [2, 5]
    assert sheet.notes == ("1 blank line skipped: 4",)


def test_blank_lines_at_the_end_are_nothing():
    assert part("a,b\n1,2\n\n\n", name="f").notes == ()


def test_mixed_line_ends_are_noted():
    sheet = part("a,b\r\n1,2\n3,4\r5,6\n", name="f")
    assert sheet.cells["a"] == ("1", "3", "5")
    assert sheet.notes == ("line ends are mixed (CR LF 1, LF 2, CR 1); each was read as one",)


def test_all_faulty_records_are_said_with_their_lines():
    with pytest.raises(DataError) as caught:
        part('a,b\n1\n"x"y,2\n3,4\n1,2,3\n"open,1\n5,6\n', name="f.csv")
    assert [(fault.where, fault.met.split(":")[0]) for fault in caught.value.faults] == [
        ("f.csv:2", "1 field instead of 2"),
        ("f.csv:3", "a closing quote is followed by something else than ','; quotes inside are written twice"),
        ("f.csv:5", "3 fields instead of 2"),
        ("f.csv:6", "a quote is opened and never closed"),
    ]
    assert "as the header on line 1 says" in str(caught.value)


def test_columns_of_one_name_are_refused():
    with pytest.raises(DataError, match="column 'a' stands 2 times"):
        part("a,b, a\n1,2,3\n", name="f")


@pytest.mark.parametrize("text", ["1.5,2\n3,4\n", "5,3,2\n4,4,1\n"])
def test_a_missing_header_is_refused(text):
    with pytest.raises(DataError, match="holds only numbers"):
        part(text, name="f")


def test_counted_columns_are_a_header():
    assert part("0,1\n7,8\n", name="f").cells == {"0": ("7",), "1": ("8",)}


def test_a_nameless_column_is_named_and_noted():
    sheet = part(",x\n0,1\n", name="f")
    assert list(sheet.cells) == ["column 1", "x"]
    assert sheet.notes == ("columns without a name in the header are called column 1",)


@pytest.mark.parametrize(("text", "met"), [("a,b\n", "has a header (a, b) but no rows"), ("\n\n", "holds no records")])
def test_no_rows_are_refused(text, met):
    with pytest.raises(DataError) as caught:
        part(text, name="f")
    assert met in str(caught.value)


def test_a_long_field_is_read_and_the_limit_put_back():
    before = csv.field_size_limit()
    long = "x" * (before + 1)
    assert part(f"a,b\n{long},1\n", name="f").cells["a"] == (long,)
    assert csv.field_size_limit() == before
