"""Slices: found where they are planted, and nowhere else."""

from dataclasses import replace

import numpy as np
import pytest

from kilter.evaluation.slices import find_slices
from kilter.values.errors import UsageError
from kilter.values.predictions import Predictions
from kilter.values.table import Dataset, Field, Kind, Schema, Table

ROWS = 600


def data(seed=0, *, stream=False):
    """Two numbers and a category that say nothing of how right a model is."""
    draw = np.random.default_rng(seed)
    kind = np.empty(ROWS, dtype=object)
    kind[:] = draw.choice(["red", "green", "blue"], ROWS).tolist()
    columns = {"size": draw.normal(size=ROWS), "count": draw.integers(0, 9, ROWS) * 1.0, "kind": kind, "y": kind}
    table = Table(columns=columns, ids=tuple(f"test.csv:{row + 2}" for row in range(ROWS)))
    fields = (
        Field(name="size", kind=Kind.NUMBER),
        Field(name="count", kind=Kind.NUMBER),
        Field(name="kind", kind=Kind.CATEGORY),
    )
    schema = Schema(inputs=fields, target="y", target_kind=Kind.CATEGORY, stream=stream)
    return Dataset(splits={"train": table, "test": table}, schema=schema)


def predicted(dataset, merit, order=None):
    ids = dataset["test"].ids
    merit = np.asarray(merit, np.float64)
    rows = np.arange(len(merit)) if order is None else order
    zeros = np.zeros(len(merit))
    return Predictions(
        ids=tuple(ids[row] for row in rows),
        target=zeros,
        answer=zeros,
        decided=zeros,
        cost=merit.max() - merit[rows],
        merit=merit[rows],
        weight=np.ones(len(merit)),
    )


def of_kind(dataset, value):
    return np.array([cell == value for cell in dataset["test"].columns["kind"]])


@pytest.mark.parametrize("binary", [True, False])
def test_a_planted_slice_is_found_first_with_its_numbers(binary):
    dataset, draw = data(), np.random.default_rng(1)
    hard = of_kind(dataset, "red")
    merit = (draw.random(ROWS) > 0.05 + 0.3 * hard) * 1.0 if binary else draw.normal(size=ROWS) - 1.5 * hard
    (found,) = find_slices(predicted(dataset, merit), dataset, split="test")
    assert found.name == "kind = red"
    assert found.n == hard.sum()
    assert found.inside.value == pytest.approx(merit[hard].mean())
    assert found.outside.value == pytest.approx(merit[~hard].mean())
    assert found.inside.high < found.outside.low
    assert found.p_value <= 0.01
    lost = merit.max() - merit
    assert found.lost == pytest.approx(lost[hard].sum() / lost.sum())
    assert set(found.examples) <= {dataset["test"].ids[row] for row in np.flatnonzero(hard)}


@pytest.mark.parametrize(
    ("binary", "merit", "name"),
    [
        (True, None, "share right"),
        (False, None, "mean merit"),
        (True, "accuracy", "accuracy"),
        (False, "span F1", "contribution to span F1"),  # of a slice it is not the span F1
    ],
)
def test_scores_are_called_by_what_the_mean_merit_is(binary, merit, name):
    dataset = data()
    merits = np.where(of_kind(dataset, "red"), 0.0, 1.0 if binary else 0.7)
    (found,) = find_slices(predicted(dataset, merits), dataset, split="test", merit=merit)
    assert (found.inside.name, found.outside.name) == (name, name)


def test_two_independent_slices_are_both_found_and_what_repeats_them_is_not():
    dataset, draw = data(), np.random.default_rng(2)
    high = dataset["test"].columns["count"] == 8
    merit = (draw.random(ROWS) > 0.05 + 0.5 * high + 0.3 * of_kind(dataset, "blue")) * 1.0
    names = [found.name for found in find_slices(predicted(dataset, merit), dataset, split="test")]
    assert sorted(names) == ["count = 8", "kind = blue"]


@pytest.mark.parametrize("binary", [True, False])
def test_chance_makes_slices_no_oftener_than_the_level(binary):
    false = 0
    for seed in range(40):
        dataset, draw = data(seed), np.random.default_rng(100 + seed)
        merit = (draw.random(ROWS) < 0.9) * 1.0 if binary else -(draw.exponential(size=ROWS) ** 2)
        false += bool(find_slices(predicted(dataset, merit), dataset, split="test", level=0.05))
    assert false <= 6  # the chance of more is below 1 in 50 at a level of .05


def test_rows_may_stand_in_any_order():
    dataset, draw = data(), np.random.default_rng(3)
    merit = (draw.random(ROWS) > 0.05 + 0.3 * of_kind(dataset, "red")) * 1.0
    plain = find_slices(predicted(dataset, merit), dataset, split="test")
    turned = find_slices(predicted(dataset, merit, np.arange(ROWS)[::-1]), dataset, split="test")
    assert [found.name for found in plain] == [found.name for found in turned]
    assert plain[0].n == turned[0].n


def test_few_examples_make_no_slice():
    dataset = data()
    merit = np.ones(ROWS)
    merit[of_kind(dataset, "red")] = 0
    assert find_slices(predicted(dataset, merit), dataset, split="test", fewest=301) == ()


def test_all_right_and_streams_have_no_slices():
    dataset = data()
    assert find_slices(predicted(dataset, np.ones(ROWS)), dataset, split="test") == ()
    stream = data(stream=True)
    merit = 1.0 - of_kind(stream, "red")
    assert find_slices(predicted(stream, merit), stream, split="test") == ()


def test_merits_that_are_no_numbers_are_passed_over():
    dataset = data()
    merit = 1.0 - of_kind(dataset, "red")
    merit[:50] = np.nan
    (found,) = find_slices(predicted(dataset, merit), dataset, split="test")
    assert found.n == of_kind(dataset, "red")[50:].sum()


def test_merits_that_weigh_classes_make_no_slice_of_a_frequent_class():
    """Balanced accuracy counts a rare class far more; what is usual is no worse for that."""
    dataset, draw = data(), np.random.default_rng(4)
    rare = of_kind(dataset, "red")
    target = rare.astype(np.int64)
    decided = np.where(draw.random(ROWS) < 0.9, target, 1 - target)
    made = predicted(dataset, (decided == target) * np.where(rare, 20.0, 0.5))
    made = replace(made, target=target, decided=decided)

    assert find_slices(made, dataset, split="test", merit="balanced accuracy") == ()


@pytest.mark.parametrize("binary", [True, False])
def test_two_traits_together_are_found_where_neither_alone_is_worse(binary):
    dataset, draw = data(), np.random.default_rng(3)
    both = of_kind(dataset, "red") & (dataset["test"].columns["size"] > 0)
    merit = (draw.random(ROWS) > 0.05 + 0.6 * both) * 1.0 if binary else draw.normal(size=ROWS) - 2 * both
    worst, *_ = find_slices(predicted(dataset, merit), dataset, split="test")
    assert "kind = red" in worst.name
    assert " and " in worst.name
    assert not worst.asked
    assert np.mean(both[[int(name.split(":")[1]) - 2 for name in worst.examples]]) > 0.9


def test_slices_that_are_asked_for_are_told_whether_or_not_they_are_worse():
    dataset, draw = data(), np.random.default_rng(4)
    merit = (draw.random(ROWS) > 0.2 - 0.1 * of_kind(dataset, "blue")) * 1.0
    found = find_slices(predicted(dataset, merit), dataset, split="test", by=("kind",))
    assert {each.name for each in found} == {"kind = red", "kind = green", "kind = blue"}
    assert found[-1].name == "kind = blue"
    assert all(each.asked for each in found)
    assert found[-1].p_value > 0.99
    assert sum(each.n for each in found) == ROWS


def test_p_values_of_what_is_asked_for_are_corrected_for_it():
    dataset, draw = data(), np.random.default_rng(5)
    merit = (draw.random(ROWS) > 0.1 + 0.15 * of_kind(dataset, "red")) * 1.0
    alone, *_ = find_slices(predicted(dataset, merit), dataset, split="test", by=(lambda row: row["kind"] == "red",))
    among, *_ = find_slices(predicted(dataset, merit), dataset, split="test", by=("kind", "size", "count"))
    assert among.name == "kind = red"
    tested = len(find_slices(predicted(dataset, merit), dataset, split="test", by=("kind", "size", "count")))
    assert among.p_value == pytest.approx(tested * alone.p_value)


def test_where_all_are_right_what_is_asked_for_is_told_all_the_same():
    dataset = data()
    found = find_slices(predicted(dataset, np.ones(ROWS)), dataset, split="test", by=("kind",))
    assert {(each.inside.value, each.p_value, each.lost) for each in found} == {(1.0, 1.0, 0.0)}
    assert len(found) == 3


def test_of_one_text_nothing_can_be_asked_for():
    dataset = data(stream=True)
    with pytest.raises(UsageError, match="do not depend on their neighbours"):
        find_slices(predicted(dataset, np.ones(ROWS)), dataset, split="test", by=("kind",))


def test_small_ones_are_left_out_of_what_is_asked_for():
    dataset = data()
    merit = (np.arange(ROWS) % 4 > 0) * 1.0
    first = {"test.csv:2", "test.csv:3"}
    ids = iter(dataset["test"].ids)
    assert find_slices(predicted(dataset, merit), dataset, split="test", by=(lambda _: next(ids) in first,)) == ()
