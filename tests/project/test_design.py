from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kilter.evaluation.detecting import before, before_in_deviations, before_over_seeds, before_over_seeds_in_deviations
from kilter.project.design import (
    design_line,
    detectable_before,
    detectable_of,
    groups_of,
    optimism_phrase,
    read_groups,
    seeds_line,
    write_groups,
)
from kilter.tasks.classification import Classification
from kilter.values.errors import UsageError
from kilter.values.table import Dataset, Field, Kind, Schema, Table

SCHEMA = Schema(inputs=(Field(name="x", kind=Kind.NUMBER),), target="y", target_kind=Kind.CATEGORY)


def table(rows, groups=None):
    columns = {"x": np.arange(rows, dtype=float), "y": np.array(["a", "b"] * rows, dtype=object)[:rows]}
    if groups is not None:
        columns["who"] = np.array(groups, dtype=object)
    return Table(columns=columns, ids=tuple(f"rows.csv:{row + 2}" for row in range(rows)))


def dataset(schema=SCHEMA, **splits):
    return Dataset(splits={"train": table(10), **splits}, schema=schema)


def test_the_rows_that_judge_say_what_they_can_show():
    data = dataset(valid=table(60), test=table(540))

    assert detectable_before(data) == before(540)
    line = "A test split of 540 rows can show differences in accuracy of 3.9 points or more (at a level of 5 %, in"
    assert design_line(data).startswith(line)
    assert design_line(dataset(valid=table(1))) == "A valid split of 1 row can show no difference, however large."
    assert design_line(dataset()) == ""


def test_of_amounts_it_is_said_in_standard_deviations():
    data = dataset(schema=replace(SCHEMA, target_kind=Kind.NUMBER), test=table(100))

    assert detectable_before(data) == before_in_deviations(100)
    assert "standard deviations" in design_line(data)


def test_rows_of_one_group_count_as_one():
    data = dataset(schema=replace(SCHEMA, group="who"), test=table(90, ["a", "b", "c"] * 30))

    assert detectable_before(data) == before(3)
    assert design_line(data) == (
        "Where rows of a group go alike, a test split of 90 rows in 3 groups can show no difference, however large;"
        " where each goes its own way, 9.3 points or more."
    )


def test_planned_seeds_say_what_they_can_show_of_two_ways_of_training():
    data = dataset(test=table(540))

    assert detectable_before(data, seeds=5) == before_over_seeds(540, 5)
    assert detectable_before(data, seeds=5, seed_deviation=0.02) == before_over_seeds(540, 5, between=0.02)
    assert seeds_line(data, seeds=1) == seeds_line(dataset(), seeds=5) == ""
    assert seeds_line(data, seeds=5) == (
        "With 5 trainings a side, a true difference in accuracy between two ways of training of 4.2 points or more is"
        " established (at a level of 5 %, in 80 % of cases, if only one of both is right on 10 % of examples and scores"
        " vary by 1 point from seed to seed). Ever more seeds would make it 3.8 points or more: they make up for no"
        " rows."
    )
    amounts = dataset(schema=replace(SCHEMA, target_kind=Kind.NUMBER), test=table(100))
    assert detectable_before(amounts, seeds=3) == before_over_seeds_in_deviations(100, 3)
    grouped = dataset(schema=replace(SCHEMA, group="who"), test=table(90, ["a", "b", "c"] * 30))
    assert detectable_before(grouped, seeds=3) == before_over_seeds(3, 3)
    assert seeds_line(grouped, seeds=3).startswith("With 3 trainings a side, and rows of a group going alike, a true")


@pytest.mark.parametrize(
    ("rows", "options", "met"),
    [
        (0, {}, "0 rows, seeds=1"),
        (9, {"seeds": 0}, "9 rows, seeds=0"),
        (9, {"seed_deviation": 0.01}, "0.01 with one training a side"),
        (9, {"seeds": 2, "seed_deviation": -1.0}, "a deviation from seed to seed of -1"),
    ],
)
def test_seeds_that_there_cannot_be_are_refused(rows, options, met):
    with pytest.raises(UsageError, match=met):
        detectable_of(rows, in_points=True, **options)


def test_groups_are_kept_by_the_ids_of_rows(tmp_path):
    data = dataset(schema=replace(SCHEMA, group="who"), test=table(4, ["a", None, "a", None]))
    groups = write_groups(tmp_path, data, "test")

    assert groups["rows.csv:2"] == groups["rows.csv:4"]
    assert len(set(groups.values())) == 3
    assert read_groups(tmp_path, "test") == groups


@pytest.mark.parametrize("groups", [None, ["a"] * 4])
def test_without_several_groups_there_are_none(groups, tmp_path):
    data = dataset(schema=replace(SCHEMA, group="who"), test=table(4, groups))

    assert groups_of(data, "test") is None
    assert write_groups(tmp_path, data, "test") is None
    assert read_groups(tmp_path, "test") is None


def test_the_best_of_several_flatters_itself():
    task, draw = Classification(labels=("a", "b")), np.random.default_rng(0)
    ids, truth = tuple(map(str, range(200))), np.zeros(200, np.int64)
    made = {}
    for name in "pqr":
        sure = np.where(draw.random(200) < 0.8, 0.9, 0.1)
        made[name] = task.tabulate(ids, truth, np.stack([sure, 1 - sure], axis=1))

    said = optimism_phrase(made, "accuracy")
    assert said.startswith("; chosen by these rows among 3 that are close, it looks better than it is by up to 0.02")
    assert said.endswith(" in accuracy")
    hopeless = task.tabulate(ids, truth, np.tile([0.1, 0.9], (200, 1)))
    assert optimism_phrase({**made, "hopeless": hopeless}, "accuracy") == said
    assert optimism_phrase({"p": made["p"], "hopeless": hopeless}, "accuracy") == ""
    assert optimism_phrase({"p": made["p"]}, "accuracy") == ""
