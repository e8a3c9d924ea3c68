import numpy as np
import pytest

from kilter.models.baselines import BASELINES, applicable, make_baseline
from kilter.values.errors import RecipeError
from kilter.values.table import Field, Kind, Schema, Table

LABELS = ("a", "b", "c")


def schema(kind):
    return Schema(inputs=(Field(name="x", kind=kind),), target="y", target_kind=Kind.CATEGORY)


def numbers(rows=300, seed=0):
    draw = np.random.default_rng(seed)
    x = draw.uniform(-1, 1, rows)
    return Table(columns={"x": x}, ids=tuple(f"r:{row}" for row in range(rows)))


def texts(rows=300, seed=0):
    draw = np.random.default_rng(seed)
    targets = draw.integers(0, 3, rows)
    words = np.array([f"{LABELS[target] * 3} word{draw.integers(9)}" for target in targets], dtype=object)
    return Table(columns={"x": words}, ids=tuple(f"r:{row}" for row in range(rows))), targets


def test_a_constant_answers_frequencies_or_the_mean():
    targets = np.array([0, 0, 1])
    majority = make_baseline("majority", schema(Kind.NUMBER), LABELS, seed=0)
    majority.fit(numbers(3), targets)
    np.testing.assert_allclose(majority.answer(numbers(2)), [[2 / 3, 1 / 3, 0]] * 2)
    mean = make_baseline("mean", schema(Kind.NUMBER), (), seed=0)
    mean.fit(numbers(3), np.array([1.0, 2.0, 6.0]))
    np.testing.assert_allclose(mean.answer(numbers(2)), [3.0, 3.0])


@pytest.mark.parametrize("name", ["linear", "boosted"])
def test_classes_are_learnt_from_numbers(name):
    train, valid = numbers(), numbers(seed=1)
    targets = [np.digitize(table.columns["x"], [-0.3, 0.3]) for table in (train, valid)]
    baseline = make_baseline(name, schema(Kind.NUMBER), LABELS, seed=0)
    baseline.fit(train, targets[0], valid, targets[1])
    answers = baseline.answer(valid)
    np.testing.assert_allclose(answers.sum(1), 1.0)
    assert (answers.argmax(1) == targets[1]).mean() > 0.8


@pytest.mark.parametrize(("name", "least"), [("ridge", 0.9), ("boosted-regression", 0.9)])
def test_amounts_are_learnt_from_numbers(name, least):
    train, valid = numbers(), numbers(seed=1)
    baseline = make_baseline(name, schema(Kind.NUMBER), (), seed=0)
    baseline.fit(train, 3 * train.columns["x"], valid, 3 * valid.columns["x"])
    error = baseline.answer(valid) - 3 * valid.columns["x"]
    assert 1 - error.var() / (3 * valid.columns["x"]).var() > least


def test_classes_are_learnt_from_texts():
    (train, targets), (valid, expected) = texts(), texts(seed=1)
    baseline = make_baseline("linear", schema(Kind.TEXT), LABELS, seed=0)
    baseline.fit(train, targets, valid, expected)
    assert (baseline.answer(valid).argmax(1) == expected).mean() > 0.95


@pytest.mark.parametrize("name", ["majority", "linear", "boosted"])
def test_a_class_that_training_lacks_has_no_share(name):
    train = numbers()
    targets = np.where(train.columns["x"] > 0, 2, 0)
    baseline = make_baseline(name, schema(Kind.NUMBER), LABELS, seed=0)
    baseline.fit(train, targets)
    answers = baseline.answer(train)
    assert answers.shape == (300, 3)
    assert not answers[:, 1].any()


def test_the_same_seed_gives_the_same_trees():
    train = numbers()
    targets = np.digitize(train.columns["x"] + np.random.default_rng(3).normal(0, 1, 300), [-0.3, 0.3])
    answers = []
    for _ in range(2):
        baseline = make_baseline("boosted", schema(Kind.NUMBER), LABELS, seed=5)
        baseline.fit(train, targets)
        answers.append(baseline.answer(train))
    np.testing.assert_array_equal(*answers)


def test_trees_are_left_out_where_there_are_no_columns():
    assert applicable(tuple(BASELINES), schema(Kind.TEXT)) == ("majority", "mean", "linear", "ridge")
    assert applicable(("linear", "boosted"), schema(Kind.NUMBER)) == ("linear", "boosted")


def test_an_unknown_name_is_said():
    with pytest.raises(RecipeError, match="did you mean 'majority'"):
        make_baseline("majorty", schema(Kind.NUMBER), LABELS, seed=0)
