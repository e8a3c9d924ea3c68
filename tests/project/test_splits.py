from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kilter.project.reading import parse_project
from kilter.project.splits import described, put_aside, too_rare
from kilter.values.errors import RecipeError
from kilter.values.table import Field, Kind, Schema, Table

SCHEMA = Schema(inputs=(Field(name="x", kind=Kind.TEXT),), target="y", target_kind=Kind.CATEGORY)


def table(rows=200, name="t"):
    columns = {"y": np.array(["a", "b", "b", "b"] * (rows // 4), object), "g": np.arange(rows) // 5 * 1.0}
    return Table(columns=columns, ids=tuple(f"{name}:{row}" for row in range(rows)))


def project(data=""):
    text = f"task: classification\ndata:\n  train: a.csv\n  target: y\n{data}"
    return parse_project(text, path=Path("kilter.yaml"))


def test_splits_with_files_are_left_alone():
    tables = {"train": table(), "valid": table(20), "test": table(40)}

    assert put_aside(project(), SCHEMA, tables) == tables
    assert described(project(), SCHEMA, tables) == ""


def test_what_has_no_file_is_put_aside_in_proportion_to_the_target():
    parts = put_aside(project(), SCHEMA, {"train": table()})

    assert {name: len(part) for name, part in parts.items()} == {"train": 160, "valid": 20, "test": 20}
    assert sorted(i for part in parts.values() for i in part.ids) == sorted(table().ids)
    assert all((part.columns["y"] == "a").mean() == 0.25 for part in parts.values())
    assert (
        described(project(), SCHEMA, {"train": 0})
        == "valid (10%) and test (10%) put aside from train, in proportion to y"
    )


def test_only_what_is_missing_is_put_aside():
    parts = put_aside(project("  split: {valid: .2}\n"), SCHEMA, {"train": table(), "test": table(40, "other")})

    assert {name: len(part) for name, part in parts.items()} == {"train": 160, "valid": 40, "test": 40}
    assert parts["test"].ids[0] == "other:0"


def test_a_share_of_nothing_makes_no_split():
    assert list(put_aside(project("  split: {valid: 0, test: .1}\n"), SCHEMA, {"train": table()})) == ["train", "test"]


@pytest.mark.parametrize("data", ["  group: g\n", "  split: {by: grouped, column: g}\n"])
def test_groups_stay_together(data):
    schema = replace(SCHEMA, group="g") if "group:" in data else SCHEMA
    parts = put_aside(project(data), schema, {"train": table()})
    groups = [set(part.columns["g"].tolist()) for part in parts.values()]

    assert not groups[0] & groups[1] | groups[0] & groups[2] | groups[1] & groups[2]
    assert described(project(data), schema, {"train": 0}).endswith("by g, kept together")


def test_the_latest_rows_are_put_aside():
    dated = Table(columns={**table().columns, "day": np.arange(200.0)[::-1]}, ids=table().ids)
    temporal = project("  split: {by: temporal, column: day}\n")
    parts = put_aside(temporal, SCHEMA, {"train": dated})

    assert [(part.columns["day"].min(), part.columns["day"].max()) for part in parts.values()] == [
        (0, 159),
        (160, 179),
        (180, 199),
    ]
    assert described(temporal, SCHEMA, {"train": 0}).endswith("the latest rows by day")


def test_the_end_of_a_text_is_put_aside_and_nothing_else():
    stream = replace(SCHEMA, stream=True)
    parts = put_aside(project(), stream, {"train": table()})

    assert parts["train"].ids + parts["valid"].ids + parts["test"].ids == table().ids
    with pytest.raises(RecipeError, match="go on from one another"):
        put_aside(project("  split: {by: random}\n"), stream, {"train": table()})


def test_the_draw_has_its_own_seed():
    first = put_aside(project(), SCHEMA, {"train": table()})["test"].ids
    other_training = put_aside(project("train: {seed: 5}\n"), SCHEMA, {"train": table()})["test"].ids
    other_draw = put_aside(project("  split: {seed: 5}\n"), SCHEMA, {"train": table()})["test"].ids

    assert first == other_training
    assert first != other_draw


@pytest.mark.parametrize(
    ("data", "names", "said"),
    [
        ("  split: {valid: .2}\n", ("valid",), "kilter.yaml:5:11 data.split.valid takes a share of the training rows"),
        ("  split: {seed: 2}\n", ("valid", "test"), "kilter.yaml:5:11 data.split.seed decides nothing"),
        ("  split: {by: temporal}\n", (), "kilter.yaml:5:11 data.split.by = 'temporal'"),
        ("  split: {by: temporal, column: g, seed: 1}\n", (), "data.split.seed decides nothing: a temporal split"),
        ("  split: {column: g}\n", (), "kilter.yaml:5:11 data.split.column = 'g' with by: auto"),
        ("  split: {by: random, column: g}\n", (), "kilter.yaml:5:23 data.split.column = 'g' with by: random"),
        ("  split: {by: grouped}\n", (), "kilter.yaml:5:11 data.split.by = 'grouped': by which column?"),
    ],
)
def test_what_decides_nothing_is_a_fault_with_its_place(data, names, said):
    with pytest.raises(RecipeError) as caught:
        put_aside(project(data), SCHEMA, {"train": table(), **{name: table(20) for name in names}})

    assert said in str(caught.value)


def test_of_rows_that_are_one_text_the_last_are_put_aside():
    parts = put_aside(project(), replace(SCHEMA, stream=True, target_kind=Kind.TEXT), {"train": table(20)})

    assert [row for part in parts.values() for row in part.ids] == list(table(20).ids)
    assert described(project(), replace(SCHEMA, stream=True), {"train": 0}).endswith("the last rows")


@pytest.mark.parametrize("kind", [Kind.TOKENS, Kind.LABELS, Kind.RECORD, Kind.AMOUNTS])
def test_what_has_no_classes_is_drawn_at_random(kind):
    assert described(project(), replace(SCHEMA, target_kind=kind), {"train": 0}).endswith("at random")


def test_classes_that_cannot_be_in_every_split_are_said():
    labels = np.array(["a"] * 20 + ["b"] * 2 + ["c"], object)
    small = Table(columns={"y": labels, "g": np.arange(23.0)}, ids=tuple(map(str, range(23))))
    (said,) = too_rare(project(), SCHEMA, {"train": small})

    assert said.startswith("'b' (2 rows), 'c' (1 row) cannot be in each of the 3 splits")
    assert len(too_rare(project("  split: {valid: 0}\n"), SCHEMA, {"train": small})[0].split(",")) == 1
    assert too_rare(project(), SCHEMA, {"train": small, "valid": small, "test": small}) == ()
    assert too_rare(project("  split: {by: random}\n"), SCHEMA, {"train": small}) == ()
