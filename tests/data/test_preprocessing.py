import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.preprocessing import Preprocessing
from kilter.data.settings import PreprocessingSettings
from kilter.data.tabling import table_of
from kilter.values.errors import DataError, UsageError
from kilter.values.inputs import Inputs
from kilter.values.table import Field, Kind, Schema, Table

KINDS = {
    "question": Kind.TEXT,
    "size": Kind.NUMBER,
    "hour": Kind.NUMBER,
    "colour": Kind.CATEGORY,
    "picture": Kind.IMAGE,
    "words": Kind.TOKENS,
}
SCHEMA = Schema(
    inputs=tuple(Field(name=name, kind=kind) for name, kind in KINDS.items()),
    target="label",
    target_kind=Kind.CATEGORY,
)
SETTINGS = PreprocessingSettings(minimum_count=1)


def table(rows=6, seed=0):
    random = np.random.default_rng(seed)
    return table_of(
        {
            "question": ["what is this", "who is that", None, "", "what", "is it"][:rows],
            "size": [1.5, None, 2.5, 1e9, -3, 0][:rows],
            "hour": [1, 2, 3, 3, 2, 2][:rows],
            "colour": ["red", "blue", None, "red", "red", "green"][:rows],
            "picture": random.integers(0, 256, (rows, 4, 3)).astype(np.uint8),
            "words": [["a", "b"], ["a"], [], None, ["b"], ["c"]][:rows],
            "label": ["x", "y"] * (rows // 2),
        }
    )


def equal(left, right):
    for name in ("numbers", "categories", "image"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name))
    np.testing.assert_array_equal(left.tokens.flat, right.tokens.flat)
    np.testing.assert_array_equal(left.tokens.starts, right.tokens.starts)


@pytest.mark.parametrize("unit", ["word", "character", "ngrams"])
@pytest.mark.parametrize("numbers", ["both", "quantile", "standard"])
def test_it_comes_back_from_json_and_encodes_alike(unit, numbers):
    made = Preprocessing.fit(table(), SCHEMA, PreprocessingSettings(unit=unit, numbers=numbers, minimum_count=1))
    again = Preprocessing.from_json(json.loads(json.dumps(made.to_json(), allow_nan=False)))
    assert again == made
    equal(again.encode(table()), made.encode(table()))


def test_sizes_for_the_model():
    made = Preprocessing.fit(table(), SCHEMA, SETTINGS)
    encoded = made.encode(table())
    assert made.inputs == Inputs(
        vocabulary=len(made.vocabulary),
        longest=int(encoded.tokens.lengths.max()),
        numbers=3,  # and the mark of missing sizes
        categories=(4, 4),
        image=(1, 4, 3),
    )
    assert encoded.numbers.shape == (6, 3)
    assert encoded.categories.tolist() == [[1, 3], [2, 1], [0, 2], [1, 2], [1, 1], [3, 1]]
    assert encoded.image.shape == (6, 1, 4, 3)
    assert repr(encoded) == "Encoded(6 rows: tokens, numbers, categories, image)"


@given(st.permutations(range(6)))
def test_a_row_is_encoded_alike_in_any_company(order):
    made = Preprocessing.fit(table(), SCHEMA, SETTINGS)
    whole = made.encode(table())
    part = made.encode(table().take(order))
    np.testing.assert_array_equal(part.numbers, whole.numbers[list(order)])
    np.testing.assert_array_equal(part.categories, whole.categories[list(order)])
    np.testing.assert_array_equal(part.image, whole.image[list(order)])
    assert [part.tokens[row].tolist() for row in range(6)] == [whole.tokens[row].tolist() for row in order]


def test_only_training_decides():
    made = Preprocessing.fit(table(4), SCHEMA, SETTINGS)
    assert "green" not in made.categories[0].values
    assert "it" not in made.vocabulary.entries
    unseen = made.encode(table())
    assert unseen.categories[5, 0] == 0


def test_columns_of_few_numbers_may_stay_numbers_alone():
    made = Preprocessing.fit(table(), SCHEMA, PreprocessingSettings(levels=0))
    assert [column.name for column in made.categories] == ["colour"]


def test_inputs_that_are_not_there_are_none():
    schema = Schema(inputs=(Field(name="size", kind=Kind.NUMBER),), target="label", target_kind=Kind.CATEGORY)
    made = Preprocessing.fit(table(), schema, SETTINGS)
    encoded = made.encode(table_of({"size": [1.0]}))
    assert made.inputs.names == ("numbers",)
    assert (encoded.tokens, encoded.categories, encoded.image) == (None, None, None)


def test_missing_columns_are_said_at_prediction():
    made = Preprocessing.fit(table(), SCHEMA, SETTINGS)
    columns = {name: column for name, column in table().columns.items() if name not in {"size", "hour"}}
    with pytest.raises(DataError, match="there is no column 'size'") as caught:
        made.encode(Table(columns={**columns, "sizes": np.zeros(6)}, ids=table().ids))
    assert len(caught.value.faults) == 2
    assert "did you mean 'sizes'?" in str(caught.value)


def test_numbers_that_come_as_texts_are_read_at_prediction():
    schema = Schema(inputs=(Field(name="size", kind=Kind.NUMBER),), target="label", target_kind=Kind.CATEGORY)
    made = Preprocessing.fit(table(), schema, SETTINGS)
    texts, numbers = table_of({"size": ["1.5", ""]}), table_of({"size": [1.5, math.nan]})
    np.testing.assert_array_equal(made.encode(texts).numbers, made.encode(numbers).numbers)


@pytest.mark.parametrize(
    ("inputs", "rows", "error", "met"),
    [
        ((("size", Kind.NUMBER),), 0, DataError, "the training split is empty"),
        ((), 6, DataError, "there are no input columns"),
        ((("picture", Kind.IMAGE), ("photo", Kind.IMAGE)), 6, UsageError, "2 columns of images"),
        ((("colour", Kind.NUMBER),), 6, DataError, "column 'colour': 'red'"),
    ],
)
def test_what_cannot_be_fitted_is_refused(inputs, rows, error, met):
    fields = tuple(Field(name=name, kind=kind) for name, kind in inputs)
    schema = Schema(inputs=fields, target="label", target_kind=Kind.CATEGORY)
    columns = {**table().columns, "photo": table().columns["picture"]}
    given = Table(columns=columns, ids=table().ids).take(range(rows))
    with pytest.raises(error, match=met):
        Preprocessing.fit(given, schema, SETTINGS)


def test_other_json_is_refused():
    with pytest.raises(ValueError, match="vocabulary, numbers, categories, image is not among the keys"):
        Preprocessing.from_json({"fields": []})
