"""Slices that somebody asks for."""

import numpy as np
import pytest

from kilter.evaluation.asking import BANDS, FEW, Token, asked_traits
from kilter.values.errors import UsageError
from kilter.values.table import Field, Kind, Schema, Table


def objects(cells):
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    return column


COLUMNS = {
    "text": objects(["The film was sad.", "A sadder film", None, "the end"]),
    "stars": np.array([1.0, 2.0, 2.0, np.nan]),
    "label": objects(["good", "bad", "bad", "good"]),
    "town": objects(["Ulm", "Ulm", "Bonn", None]),
    "days": objects([3, 1, None, 3]),
    "tags": objects([("a", "b"), ("a",), (), None]),
}
SCHEMA = Schema(
    inputs=(Field(name="text", kind=Kind.TEXT), Field(name="stars", kind=Kind.NUMBER)),
    target="label",
    target_kind=Kind.CATEGORY,
)


def found(*by, columns=COLUMNS, schema=SCHEMA):
    rows = len(next(iter(columns.values())))
    table = Table(columns=columns, ids=tuple(map(str, range(rows))))
    return {trait.name: np.flatnonzero(trait.inside).tolist() for trait in asked_traits(table, schema, by)}


def test_a_column_of_values_is_parted_by_each_value_whether_or_not_it_was_learnt_from():
    assert found("town") == {"town = Ulm": [0, 1], "town = Bonn": [2]}
    assert found("label") == {"label = good": [0, 3], "label = bad": [1, 2]}


def test_a_few_numbers_are_parted_one_by_one():
    assert found("stars") == {"stars = 1": [0], "stars = 2": [1, 2]}
    assert found("days") == {"days = 1": [1], "days = 3": [0, 3]}


def test_labels_are_parted_by_which_one_is_there():
    assert found("tags") == {"tags has 'a'": [0, 1], "tags has 'b'": [0]}


def test_many_numbers_are_parted_into_quarters_each_row_in_one():
    values = np.random.default_rng(0).normal(size=400)
    bands = found("stars", columns={"stars": values, "label": objects(["x"] * 400)})
    assert len(bands) == BANDS
    assert sorted(row for rows in bands.values() for row in rows) == list(range(400))
    assert {len(rows) for rows in bands.values()} == {100}


def test_texts_are_parted_by_their_length():
    texts = objects(["a " * length for length in range(1, 4 * FEW + 1)])
    bands = found("text", columns={"text": texts, "label": objects(["x"] * len(texts))})
    assert next(iter(bands)) == f"tokens in text ≤ {FEW}"
    assert sorted(row for rows in bands.values() for row in rows) == list(range(4 * FEW))


def test_pictures_are_parted_by_how_bright_they_are():
    pictures = np.arange(40 * 4, dtype=np.uint8).reshape(40, 2, 2)
    schema = Schema(inputs=(Field(name="image", kind=Kind.IMAGE),), target="label", target_kind=Kind.CATEGORY)
    bands = found("image", columns={"image": pictures, "label": objects(["x"] * 40)}, schema=schema)
    assert [len(rows) for rows in bands.values()] == [10] * BANDS


def test_a_word_is_found_whole_in_any_case_and_a_text_in_several_words_too():
    assert found(Token("SAD")) == {"text has 'SAD'": [0]}
    assert found(Token("the film")) == {"text has 'the film'": [0]}
    assert found(Token(".")) == {"text has '.'": [0]}


def test_a_function_answers_for_a_row_with_a_name_or_with_yes_and_no():
    def length(row):
        return None if row["text"] is None else "long" if len(row["text"]) > 10 else "short"

    def bright(row):
        return row["stars"] == 2.0

    assert found(length) == {"length = long": [0, 1], "length = short": [3]}
    assert found(bright) == {"bright": [1, 2]}
    assert list(found(lambda row: row["town"])) == ["lambda = Ulm", "lambda = Bonn"]


def test_what_comes_of_the_data_can_be_hidden_and_what_was_asked_for_stays():
    table = Table(columns=COLUMNS, ids=tuple("0123"))
    masked = {trait.name: trait.masked for trait in asked_traits(table, SCHEMA, ("town", "label", Token("sad")))}
    assert masked["town = Bonn"] == "town = (4 characters)"
    assert masked["label = bad"] == ""
    assert masked["text has 'sad'"] == ""


def test_a_column_that_is_not_there_is_an_error_with_the_one_that_was_meant():
    with pytest.raises(UsageError, match=r"no such column.*did you mean 'town'"):
        found("twon")


@pytest.mark.parametrize("word", ["", "  "])
def test_no_word_is_an_error(word):
    with pytest.raises(UsageError, match="a word, and an input that is a text"):
        found(Token(word))


def test_a_word_needs_a_text():
    schema = Schema(inputs=(Field(name="stars", kind=Kind.NUMBER),), target="label", target_kind=Kind.CATEGORY)
    with pytest.raises(UsageError, match="no input is a text"):
        found(Token("sad"), schema=schema)
