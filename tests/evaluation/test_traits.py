"""What examples have in common."""

import numpy as np
import pytest

from kilter.evaluation.traits import are_words, cut, traits
from kilter.values.table import Field, Kind, Schema, Table


def objects(cells):
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    return column


def found(columns, kinds, *, target="y", target_kind=Kind.CATEGORY, train=None):
    fields = tuple(Field(name=name, kind=kind) for name, kind in kinds.items())
    schema = Schema(inputs=fields, target=target, target_kind=target_kind)
    rows = len(next(iter(columns.values())))
    table = Table(columns=columns, ids=tuple(map(str, range(rows))))
    known = None if train is None else Table(columns=train, ids=tuple(map(str, range(len(next(iter(train.values())))))))
    return {trait.name: np.flatnonzero(trait.inside).tolist() for trait in traits(table, schema, known)}


def test_texts_are_told_by_length_words_and_what_training_lacks():
    said = objects(["a b", "a b c", "x"])
    known = {"text": objects(["a b c"] * 5), "y": objects(["p"] * 5)}
    names = found({"text": said, "y": objects(["p", "q", "q"])}, {"text": Kind.TEXT}, train=known)
    assert names["tokens in text = 3"] == [1]
    assert names["tokens in text ≤ 1"] == [2]
    assert names["new tokens in text = 1"] == [2]
    assert names["text has 'b'"] == [0, 1]
    assert names["y = q"] == [1, 2]


def test_pairs_are_told_by_how_they_differ():
    columns = {
        "a": objects(["g r k", "g r k", "g r k"]),
        "b": objects(["k g r", "g r q", "x y z"]),
        "y": objects(["yes", "no", "no"]),
    }
    names = found(columns, {"a": Kind.TEXT, "b": Kind.TEXT})
    assert names["different tokens, a and b = 0"] == [0]
    assert names["different tokens, a and b = 1"] == [1]
    assert names["a and b begin alike"] == [1]
    assert names["edits, a and b = 3"] == [2]


def test_tables_are_told_by_gaps_values_and_cuts():
    columns = {
        "n": np.array([1.5, np.nan, 3.5, 4.5]),
        "c": objects(["red", None, "red", "blue"]),
        "y": np.array([0.1, 0.2, 0.3, 0.4]),
    }
    names = found(columns, {"n": Kind.NUMBER, "c": Kind.CATEGORY}, target_kind=Kind.NUMBER)
    assert names["n is missing"] == [1]
    assert names["missing cells = 2"] == [1]
    assert names["c = red"] == [0, 2]
    assert names["n ≤ 3.5"] == [0, 2]
    assert names["y > 0.1"] == [1, 2, 3]


def test_images_are_told_by_brightness():
    pixels = np.stack([np.full((2, 2), value) for value in (0.0, 0.5, 1.0)])
    names = found({"x": pixels, "y": objects(["a", "b", "b"])}, {"x": Kind.IMAGE})
    assert names["brightness of x > 0.5"] == [2]


def test_tags_are_told_one_by_one():
    columns = {"words": objects([("Ann", "ran"), ("go",)]), "tags": objects([("B-PER", "O"), ("O",)])}
    names = found(columns, {"words": Kind.TOKENS}, target="tags", target_kind=Kind.TOKENS)
    assert names["tags has B-PER"] == [0]


@pytest.mark.parametrize(
    ("cells", "letters", "tokens"),
    [
        (["Ab c", None], False, [("ab", "c"), ()]),
        ([("Ab", "c")], False, [("ab", "c")]),
        (["Ab", "c"], True, [("a", "b"), ("c",)]),
    ],
)
def test_cells_are_cut(cells, letters, tokens):
    assert cut(objects(cells), letters=letters) == tokens


def test_single_words_are_known_as_such():
    assert are_words(objects(["one", "two"]))
    assert not are_words(objects(["one", "two words"]))
    assert not are_words(objects([("one",)]))


def test_what_is_quoted_of_inputs_can_be_hidden_and_labels_stay():
    columns = {"text": objects(["sad film", "a film"]), "town": objects(["Ulm", "Bonn"]), "y": objects(["p", "q"])}
    fields = (Field(name="text", kind=Kind.TEXT), Field(name="town", kind=Kind.CATEGORY))
    schema = Schema(inputs=fields, target="y", target_kind=Kind.CATEGORY)
    masked = {trait.name: trait.masked for trait in traits(Table(columns=columns, ids=("1", "2")), schema)}
    assert masked["text has 'sad'"] == "text has (3 characters)"
    assert masked["town = Bonn"] == "town = (4 characters)"
    assert masked["y = p"] == ""
    assert masked["town is missing"] == ""


def test_traits_of_one_thing_say_what_that_is():
    columns = {"size": np.arange(20.0), "y": objects(["p", "q"] * 10)}
    schema = Schema(inputs=(Field(name="size", kind=Kind.NUMBER),), target="y", target_kind=Kind.CATEGORY)
    ids = tuple(map(str, range(20)))
    of = {trait.name: trait.of for trait in traits(Table(columns=columns, ids=ids), schema)}
    assert of["size > 9"] == of["size ≤ 4"] == "size"
    assert of["y = p"] == "y"
