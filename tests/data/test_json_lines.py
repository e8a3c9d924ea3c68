import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.json_lines import parse
from kilter.values.errors import DataError

rows = st.lists(
    st.fixed_dictionaries({"text": st.text() | st.none(), "number": st.floats(allow_nan=False) | st.none()}), min_size=1
)


@given(rows, st.booleans())
def test_what_was_written_is_read(rows, ascii_only):
    text = "".join(json.dumps(row, ensure_ascii=ascii_only) + "\n" for row in rows)
    read = parse(text, name="f")
    texts = [row["text"] for row in rows]
    if any(value is not None for value in texts):
        assert read.columns["text"].tolist() == texts
    expected = [math.nan if row["number"] is None else row["number"] for row in rows]
    np.testing.assert_array_equal(read.columns["number"], expected)
    assert list(read.lines) == list(range(1, len(rows) + 1))


def test_line_separators_inside_texts_part_no_lines():
    assert parse('{"a": "x\u2028y\u0085z"}\n', name="f").columns["a"].tolist() == ["x\u2028y\u0085z"]


def test_not_a_number_infinity_and_overflow_are_read_as_such():
    read = parse('{"x": NaN}\r\n{"x": -Infinity}\r\n{"x": 1e400}\r\n{"x": 1}', name="f")
    np.testing.assert_array_equal(read.columns["x"], [math.nan, -math.inf, math.inf, 1])


def test_columns_are_all_keys_in_order_of_appearance():
    read = parse('{"b": 1}\n{"a": "x", "b": 2}\n', name="f")
    assert list(read.columns) == ["b", "a"]
    assert read.columns["a"].tolist() == [None, "x"]
    assert read.notes == ("column 'a' is missing in 1 row (line 1)",)


def test_gaps_are_noted():
    read = parse('{"a": "x"}\n\n{"a": null}\n{"a": " "}\n\n', name="f")
    assert read.notes == (
        "1 blank line skipped: 2",
        "column 'a' is null in 1 row (line 3)",
        "column 'a': 1 blank text (line 4)",
    )


def test_all_faults_are_said_with_line_and_column():
    text = '{"a": "x"}\nnot json\n{"a" "y"}\n[1]\n{"a": "z", "a": "w"}\n{"a": 5}\n{"a": "ok"}\n'
    with pytest.raises(DataError, match="5 faulty lines") as caught:
        parse(text, name="f.jsonl")
    said = [(fault.where, fault.met.split(":")[0]) for fault in caught.value.faults]
    assert said == [
        ("f.jsonl:2:1", "no JSON"),
        ("f.jsonl:3:6", "no JSON"),
        ("f.jsonl:4", "no object"),
        ("f.jsonl:5", "key 'a' stands twice"),
        ("f.jsonl:6", "column 'a'"),
    ]


def test_what_was_noticed_stands_after_the_faults():
    with pytest.raises(DataError) as caught:
        parse('{"a": "x"}\n{"a": null}\n{\n', name="f")
    assert [fault.met for fault in caught.value.faults[1:]] == ["column 'a' is null in 1 row (line 2)"]


def test_deep_nesting_is_a_fault():
    with pytest.raises(DataError, match="f:1 unreadable"):
        parse('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", name="f")


def test_half_a_character_is_a_fault():
    text = json.dumps({"a": "whole \U0001f600"}) + "\n" + json.dumps({"a": "half \ud83d"}) + "\n"
    with pytest.raises(DataError, match="f:2 half a character"):
        parse(text, name="f")
    assert parse(text.splitlines()[0], name="f").columns["a"].tolist() == ["whole \U0001f600"]


def test_an_array_is_refused_with_advice():
    with pytest.raises(DataError, match=r"jq -c '\.\[\]' f\.json"):
        parse('[{"a": 1}]', name="f.json")


@pytest.mark.parametrize(("text", "met"), [("\n \n", "no rows"), ("{}\n{}\n", "no columns")])
def test_nothing_is_refused(text, met):
    with pytest.raises(DataError, match=met):
        parse(text, name="f")
