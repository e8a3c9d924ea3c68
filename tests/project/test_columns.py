from pathlib import Path

import numpy as np
import pytest

from kilter.project.columns import make_schema
from kilter.project.reading import parse_project
from kilter.values.errors import RecipeError
from kilter.values.table import Field, Kind, Table


@pytest.fixture
def table():
    words = np.array(["a b c d", "e f g h", "i j k l"], dtype=object)
    return Table(
        columns={"text": words, "n": np.arange(3.0), "y": np.array(["u", "v", "u"], object), "g": np.arange(3.0)},
        ids=("1", "2", "3"),
    )


def project(data):
    return parse_project(f"task: classification\ndata:\n  train: a.csv\n{data}", path=Path("kilter.yaml"))


def test_all_other_columns_are_inputs_of_the_kind_they_look_like(table):
    schema = make_schema(project("  target: y\n  group: g\n"), table)

    assert schema.inputs == (Field(name="text", kind=Kind.TEXT), Field(name="n", kind=Kind.NUMBER))
    assert schema.group == "g"
    assert schema.target_kind is Kind.CATEGORY


def test_named_inputs_are_as_they_are_said_to_be(table):
    schema = make_schema(project("  target: y\n  inputs: {g: category, n: auto}\n"), table)

    assert schema.inputs == (Field(name="g", kind=Kind.CATEGORY), Field(name="n", kind=Kind.NUMBER))


def test_columns_that_are_not_there_are_said_all_at_once_with_their_places(table):
    with pytest.raises(RecipeError) as caught:
        make_schema(project("  target: goal\n  inputs: [txt]\n  ignore: [n, m]\n  weight: w\n"), table)

    assert str(caught.value) == (
        "4 faults in kilter.yaml.\n"
        "  kilter.yaml:4:3 data.target: there is no column 'goal': legal are g, n, text, y.\n"
        "  kilter.yaml:5:3 data.inputs.txt: there is no column 'txt': did you mean 'text'?\n"
        "  kilter.yaml:6:15 data.ignore: there is no column 'm': legal are g, n, text, y.\n"
        "  kilter.yaml:7:3 data.weight: there is no column 'w': legal are g, n, text, y."
    )


@pytest.mark.parametrize(
    "data", ["  target: y\n  inputs: [y, n]\n", "  target: y\n  ignore: y\n", "  target: y\n  weight: y\n"]
)
def test_a_column_has_one_part_to_play(table, data):
    with pytest.raises(RecipeError, match=r"'y' is data\.target already"):
        make_schema(project(data), table)


def test_something_must_be_left_to_learn_from(table):
    with pytest.raises(RecipeError, match="no column is left"):
        make_schema(project("  target: y\n  ignore: [text, n, g]\n"), table)


def test_several_targets_are_joined_and_each_has_its_kind(table):
    text = "task: multitask\ndata:\n  train: a.csv\n  target: [y, n]\n  inputs: [text]\n"
    schema = make_schema(parse_project(text, path=Path("kilter.yaml")), table)

    assert schema.target == "y, n"
    assert schema.target_kind is Kind.RECORD
    assert schema.joined == (Field(name="y", kind=Kind.CATEGORY), Field(name="n", kind=Kind.CATEGORY))


def test_several_amounts_are_one_target_of_amounts(table):
    text = "task: regression\ndata:\n  train: a.csv\n  target: [g, n]\n  inputs: [text]\n"
    schema = make_schema(parse_project(text, path=Path("kilter.yaml")), table)

    assert schema.target_kind is Kind.AMOUNTS
    assert [field.kind for field in schema.joined] == [Kind.NUMBER, Kind.NUMBER]


def test_a_task_that_learns_one_column_refuses_two(table):
    text = "task: tagging\ndata:\n  train: a.csv\n  target: [y, n]\n"
    with pytest.raises(RecipeError, match=r"kilter.yaml:4:\d+ data.target = y, n: tagging learns one column"):
        make_schema(parse_project(text, path=Path("kilter.yaml")), table)


@pytest.mark.parametrize("data", ["", "  inputs: [text]\n", "  inputs: {text: text}\n"])
def test_a_text_that_stands_alone_is_learnt_from_itself(data):
    alone = Table(columns={"text": np.array(["a b", "c d"], object)}, ids=("1", "2"))
    text = f"task: generation\ndata:\n  train: a.txt\n  target: text\n{data}"
    schema = make_schema(parse_project(text, path=Path("kilter.yaml")), alone)

    assert schema.inputs == (Field(name="text", kind=Kind.TEXT),)
    assert schema.target == "text"
    assert schema.stream


def test_columns_to_slice_by_must_be_there_and_may_have_another_part(table):
    with pytest.raises(RecipeError) as caught:
        make_schema(project("  target: y\nslices: {columns: [g, y, txt]}\n"), table)
    assert "kilter.yaml:5:" in str(caught.value)
    assert "slices.columns: there is no column 'txt'" in str(caught.value)
    assert "did you mean 'text'" in str(caught.value)
    assert make_schema(project("  target: y\n  ignore: g\nslices: {columns: [g, y]}\n"), table).ignored == ("g",)


def test_a_word_to_slice_by_needs_a_text(table):
    with pytest.raises(RecipeError, match=r"slices\.tokens = sad, and no input is a text"):
        make_schema(project("  target: y\n  inputs: [n]\nslices: {tokens: sad}\n"), table)
    assert make_schema(project("  target: y\nslices: {tokens: sad}\n"), table).of_kind(Kind.TEXT) == ("text",)


def test_one_text_has_no_slices(table):
    given = "task: generation\ndata:\n  train: a.txt\n  target: text\n  inputs: text\nslices: {columns: text}\n"
    with pytest.raises(RecipeError, match="do not depend on their neighbours"):
        make_schema(parse_project(given, path=Path("kilter.yaml")), table)
