import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.preprocessing import Preprocessing
from kilter.data.settings import PreprocessingSettings
from kilter.data.tabling import table_of
from kilter.values.errors import DataError, RecipeError, UsageError
from kilter.values.inputs import Inputs
from kilter.values.table import Field, Kind, Schema, Table
from kilter.values.task import Form

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
        texts=2,
        numbers=3,  # and the mark of missing sizes
        categories=(4, 4),
        image=(1, 4, 3),
    )
    assert encoded.numbers.shape == (6, 3)
    assert encoded.categories.tolist() == [[1, 3], [2, 1], [0, 2], [1, 2], [1, 1], [3, 1]]
    assert encoded.image.shape == (6, 1, 4, 3)
    assert repr(encoded) == "Encoded(6 rows: tokens, segments, numbers, categories, image)"


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
    with pytest.raises(ValueError, match=r"vocabulary, numbers, categories, image, .* is not among the keys"):
        Preprocessing.from_json({"fields": []})


PAIRS = table_of({"a": ["one two two", "three", None], "b": ["two", "one one three", "two"], "label": ["x", "y", "x"]})


def texts(*names, target, kind=Kind.TEXT):
    return Schema(inputs=tuple(Field(name=name, kind=Kind.TEXT) for name in names), target=target, target_kind=kind)


def rows(ragged):
    return [ragged[row].tolist() for row in range(len(ragged))]


def test_two_texts_say_which_token_is_of_which():
    made = Preprocessing.fit(PAIRS, texts("a", "b", target="label", kind=Kind.CATEGORY), SETTINGS)
    encoded = made.encode(PAIRS)

    assert made.inputs.texts == 2
    assert "segments" in made.inputs.names
    assert rows(encoded.segments) == [[0, 0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1]]


def test_words_to_tag_are_spelled_and_stand_without_marks():
    words = table_of({"tokens": [["I", "go"], ["Go"]], "tags": [["O", "O"], ["O"]]})
    schema = Schema(inputs=(Field(name="tokens", kind=Kind.TOKENS),), target="tags", target_kind=Kind.TOKENS)
    made = Preprocessing.fit(words, schema, SETTINGS, form=Form.TOKEN)
    encoded = made.encode(words)

    assert made.inputs.characters == 2 + len({"I", "g", "o", "G"})
    assert encoded.tokens.lengths.tolist() == [2, 1]
    assert rows(encoded.tokens)[0][1] == rows(encoded.tokens)[1][0]  # words are lowered
    assert rows(encoded.spelled.words) == [[1, 2], [3]]  # letters are not


def test_a_language_model_is_given_what_leads_up_and_asked_what_follows():
    schema = texts("a", target="a")
    made = Preprocessing.fit(PAIRS, schema, SETTINGS, form=Form.NEXT)
    given, asked = rows(made.encode(PAIRS).tokens), [target.tolist() for target in made.targets(PAIRS, schema)]

    assert [len(row) for row in given] == [len(row) for row in asked] == [4, 2, 2]
    assert all(before[1:] == after[:-1] for before, after in zip(given, asked, strict=True))
    assert {row[0] for row in given} == {2}
    assert {row[-1] for row in asked} == {3}


def test_a_text_to_write_is_given_up_to_each_of_its_tokens():
    schema = texts("a", target="b")
    made = Preprocessing.fit(PAIRS, schema, SETTINGS, form=Form.TEXT)
    encoded, asked = made.encode(PAIRS), [target.tolist() for target in made.targets(PAIRS, schema)]

    assert made.inputs.answers == len(made.vocabulary)
    assert [row[1:] for row in rows(encoded.answers)] == [row[:-1] for row in asked]
    assert rows(encoded.tokens)[0][-1] == 3
    assert made.encode(Table(columns={"a": PAIRS.columns["a"]}, ids=PAIRS.ids)).answers is None


def test_a_text_to_match_is_given_whole():
    schema = texts("a", target="b")
    made = Preprocessing.fit(PAIRS, schema, SETTINGS, form=Form.MATCH)

    assert [row[-1] for row in rows(made.encode(PAIRS).answers)] == [3, 3, 3]
    assert made.targets(PAIRS, schema).tolist() == PAIRS.columns["b"].tolist()


@pytest.mark.parametrize("form", Form)
def test_every_form_comes_back_from_json(form):
    words = table_of({"tokens": [["I", "go"], ["Go"]], "b": ["O", "O"]})
    kind = Kind.TOKENS if form is Form.TOKEN else Kind.TEXT
    schema = Schema(inputs=(Field(name="tokens", kind=kind),), target="b", target_kind=Kind.TEXT)
    plain = words if form is Form.TOKEN else table_of({"tokens": ["I go", "Go"], "b": ["O", "O"]})
    made = Preprocessing.fit(plain, schema, SETTINGS, form=form)

    assert Preprocessing.from_json(json.loads(json.dumps(made.to_json()))) == made


@pytest.mark.parametrize(
    ("form", "kind", "said"),
    [
        (Form.TOKEN, Kind.TEXT, "one column of words"),
        (Form.NEXT, Kind.NUMBER, "one column of text"),
        (Form.TEXT, Kind.NUMBER, "a column of text at least"),
    ],
)
def test_inputs_that_do_not_go_with_the_form_are_refused(form, kind, said):
    schema = Schema(inputs=(Field(name="size", kind=kind),), target="label", target_kind=Kind.CATEGORY)
    with pytest.raises(UsageError, match=said):
        Preprocessing.fit(table(), schema, SETTINGS, form=form)


def paired(*texts):
    return Table(columns={"text": np.array(texts, dtype=object)}, ids=tuple(map(str, range(len(texts)))))


PAIRED = Schema(inputs=(Field(name="text", kind=Kind.TEXT),), target="label", target_kind=Kind.CATEGORY)


def test_a_separator_makes_two_texts_of_one():
    settings = PreprocessingSettings(separator="<sep>", minimum_count=1)
    made = Preprocessing.fit(paired("a b <sep> c", "b"), PAIRED, settings)
    again = Preprocessing.from_json(json.loads(json.dumps(made.to_json())))
    assert again == made
    assert made.inputs.texts == 2
    rows = paired("a <sep> c <sep> b", "a", None)
    assert again.texts(rows) == [["a ", "a", None], [" c <sep> b", "", None]]
    encoded = again.encode(rows)
    a, _, c = (5 + made.vocabulary.entries.index(word) for word in "abc")
    assert encoded.tokens[1].tolist() == [2, a, 4, 3]
    assert encoded.segments[1].tolist() == [0, 0, 0, 1]
    whole = Preprocessing.fit(
        table_of({"one": ["a b ", "b"], "two": [" c", ""]}),
        Schema(
            inputs=(Field(name="one", kind=Kind.TEXT), Field(name="two", kind=Kind.TEXT)),
            target="label",
            target_kind=Kind.CATEGORY,
        ),
        PreprocessingSettings(minimum_count=1),
    )
    assert whole.vocabulary == made.vocabulary
    assert encoded.tokens[0].tolist()[:4] == [2, a, 4, c]
    assert encoded.tokens[0].tolist()[-2:] == [1, 3]  # longer than any training row


@pytest.mark.parametrize("settings", [{"unit": "character"}, {"truncation": "tail"}, {"separator": "|"}])
def test_words_that_have_tags_each_stay_as_they_are(settings):
    schema = Schema(inputs=(Field(name="words", kind=Kind.TOKENS),), target="tags", target_kind=Kind.TOKENS)
    with pytest.raises(RecipeError, match=f"preprocessing.{next(iter(settings))} = "):
        Preprocessing.fit(table(), schema, PreprocessingSettings(**settings), form=Form.TOKEN)


def test_several_columns_are_not_parted_as_well():
    with pytest.raises(RecipeError, match="there are 2: question, words"):
        Preprocessing.fit(table(), SCHEMA, PreprocessingSettings(separator="|"))


def test_pieces_as_a_person_reads_them():
    made = Preprocessing.fit(paired("to be", "to be"), PAIRED, PreprocessingSettings(unit="bpe"))
    ids = made.encode(paired("to be")).tokens[0].tolist()
    assert made.tokens.joiner.join(made.tokens.entries[number] for number in ids) == " to be"
