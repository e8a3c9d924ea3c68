from pathlib import Path

import numpy as np
import pytest

from kilter.project.reading import parse_project
from kilter.project.splits import described, put_aside
from kilter.values.errors import RecipeError
from kilter.values.table import Table


def table(rows=200, name="t"):
    columns = {"y": np.array(["a", "b", "b", "b"] * (rows // 4), object), "g": np.arange(rows) // 5 * 1.0}
    return Table(columns=columns, ids=tuple(f"{name}:{row}" for row in range(rows)))


def project(data=""):
    text = f"task: classification\ndata:\n  train: a.csv\n  target: y\n{data}"
    return parse_project(text, path=Path("kilter.yaml"))


def test_splits_with_files_are_left_alone():
    tables = {"train": table(), "valid": table(20), "test": table(40)}

    assert put_aside(project(), tables) == tables
    assert described(project(), tables) == ""


def test_what_has_no_file_is_put_aside_in_proportion_to_the_target():
    parts = put_aside(project(), {"train": table()})

    assert {name: len(part) for name, part in parts.items()} == {"train": 160, "valid": 20, "test": 20}
    assert sorted(i for part in parts.values() for i in part.ids) == sorted(table().ids)
    assert all((part.columns["y"] == "a").mean() == 0.25 for part in parts.values())
    assert described(project(), {"train": 0}) == "valid (10%) and test (10%) put aside from train, in proportion to y"


def test_only_what_is_missing_is_put_aside():
    parts = put_aside(project("  split: {valid: .2}\n"), {"train": table(), "test": table(40, "other")})

    assert {name: len(part) for name, part in parts.items()} == {"train": 160, "valid": 40, "test": 40}
    assert parts["test"].ids[0] == "other:0"


def test_a_share_of_nothing_makes_no_split():
    assert list(put_aside(project("  split: {valid: 0, test: .1}\n"), {"train": table()})) == ["train", "test"]


@pytest.mark.parametrize("data", ["  group: g\n", "  split: {by: grouped, column: g}\n"])
def test_groups_stay_together(data):
    parts = put_aside(project(data), {"train": table()})
    groups = [set(part.columns["g"].tolist()) for part in parts.values()]

    assert not groups[0] & groups[1] | groups[0] & groups[2] | groups[1] & groups[2]
    assert described(project(data), {"train": 0}).endswith("by g, kept together")


def test_the_draw_has_its_own_seed():
    first = put_aside(project(), {"train": table()})["test"].ids
    other_training = put_aside(project("train: {seed: 5}\n"), {"train": table()})["test"].ids
    other_draw = put_aside(project("  split: {seed: 5}\n"), {"train": table()})["test"].ids

    assert first == other_training
    assert first != other_draw


@pytest.mark.parametrize(
    ("data", "names", "said"),
    [
        ("  split: {valid: .2}\n", ("valid",), "kilter.yaml:5:11 data.split.valid takes a share of the training rows"),
        ("  split: {seed: 2}\n", ("valid", "test"), "kilter.yaml:5:11 data.split.seed decides nothing"),
        ("  split: {column: g}\n", (), "kilter.yaml:5:11 data.split.column = 'g' with by: auto"),
        ("  split: {by: random, column: g}\n", (), "kilter.yaml:5:23 data.split.column = 'g' with by: random"),
        ("  split: {by: grouped}\n", (), "kilter.yaml:5:11 data.split.by = 'grouped': by which column?"),
    ],
)
def test_what_decides_nothing_is_a_fault_with_its_place(data, names, said):
    with pytest.raises(RecipeError) as caught:
        put_aside(project(data), {"train": table(), **{name: table(20) for name in names}})

    assert said in str(caught.value)
