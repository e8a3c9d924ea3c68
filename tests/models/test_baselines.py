import dataclasses

import numpy as np
import pytest

from kilter.models.baselines import BASELINES, MOST_ROWS, applicable, ladder, make_baseline, measured, suited
from kilter.models.lesson import Lesson
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
    majority.fit(Lesson(numbers(3), targets))
    np.testing.assert_allclose(majority.answer(numbers(2)), [[2 / 3, 1 / 3, 0]] * 2)
    mean = make_baseline("mean", schema(Kind.NUMBER), (), seed=0)
    mean.fit(Lesson(numbers(3), np.array([1.0, 2.0, 6.0])))
    np.testing.assert_allclose(mean.answer(numbers(2)), [3.0, 3.0])


@pytest.mark.parametrize("name", ["linear", "boosted", "nearest", "small-mlp"])
def test_classes_are_learnt_from_numbers(name):
    train, valid = numbers(), numbers(seed=1)
    targets = [np.digitize(table.columns["x"], [-0.3, 0.3]) for table in (train, valid)]
    baseline = make_baseline(name, schema(Kind.NUMBER), LABELS, seed=0)
    baseline.fit(Lesson(train, targets[0], valid, targets[1]))
    answers = baseline.answer(valid)
    np.testing.assert_allclose(answers.sum(1), 1.0)
    assert (answers.argmax(1) == targets[1]).mean() > 0.8


@pytest.mark.parametrize(
    ("name", "least"),
    [("ridge", 0.9), ("boosted-regression", 0.9), ("boosted-median", 0.9), ("nearest", 0.9), ("small-mlp", 0.8)],
)
def test_amounts_are_learnt_from_numbers(name, least):
    train, valid = numbers(), numbers(seed=1)
    baseline = make_baseline(name, schema(Kind.NUMBER), (), seed=0)
    baseline.fit(Lesson(train, 3 * train.columns["x"], valid, 3 * valid.columns["x"]))
    error = baseline.answer(valid) - 3 * valid.columns["x"]
    assert 1 - error.var() / (3 * valid.columns["x"]).var() > least


def test_classes_are_learnt_from_texts():
    (train, targets), (valid, expected) = texts(), texts(seed=1)
    baseline = make_baseline("linear", schema(Kind.TEXT), LABELS, seed=0)
    baseline.fit(Lesson(train, targets, valid, expected))
    assert (baseline.answer(valid).argmax(1) == expected).mean() > 0.95


@pytest.mark.parametrize("name", ["majority", "linear", "boosted", "nearest", "small-mlp"])
def test_a_class_that_training_lacks_has_no_share(name):
    train = numbers()
    targets = np.where(train.columns["x"] > 0, 2, 0)
    baseline = make_baseline(name, schema(Kind.NUMBER), LABELS, seed=0)
    baseline.fit(Lesson(train, targets))
    answers = baseline.answer(train)
    assert answers.shape == (300, 3)
    assert not answers[:, 1].any()


def test_the_same_seed_gives_the_same_trees():
    train = numbers()
    targets = np.digitize(train.columns["x"] + np.random.default_rng(3).normal(0, 1, 300), [-0.3, 0.3])
    answers = []
    for _ in range(2):
        baseline = make_baseline("boosted", schema(Kind.NUMBER), LABELS, seed=5)
        baseline.fit(Lesson(train, targets))
        answers.append(baseline.answer(train))
    np.testing.assert_array_equal(*answers)


def test_trees_are_left_out_where_there_are_no_columns():
    assert applicable(tuple(BASELINES), schema(Kind.TEXT)) == tuple(n for n in BASELINES if "boosted" not in n)
    assert applicable(("linear", "boosted"), schema(Kind.TOKENS)) == ("linear",)
    assert applicable(("linear", "boosted"), schema(Kind.NUMBER)) == ("linear", "boosted")


def test_the_usual_ones_have_a_small_network_beside_them_where_that_takes_seconds():
    usual, of_numbers, few = ("majority", "linear", "boosted"), schema(Kind.NUMBER), numbers(20)
    assert measured(("auto",), usual, of_numbers, few) == (*usual, "small-mlp")
    assert measured(("auto",), ("mean", "ridge"), of_numbers, few) == ("mean", "ridge", "small-mlp")
    assert measured(("auto",), ("majority-labels", "linear-labels"), of_numbers, few) == (
        "majority-labels",
        "linear-labels",
    )
    assert measured(("auto",), usual, of_numbers, numbers(MOST_ROWS + 1)) == usual
    assert measured(("auto",), usual, schema(Kind.TEXT), texts(20)[0]) == ("majority", "linear")
    joined = dataclasses.replace(of_numbers, joined=(Field(name="y", kind=Kind.CATEGORY),))
    assert measured(("auto",), usual, joined, few) == usual


def test_images_have_one_as_long_as_they_are_small():
    for side, beside in ((28, ("small-mlp",)), (32, ())):
        images = Table(columns={"x": np.zeros((5, side, side), np.uint8)}, ids=tuple("abcde"))
        assert measured(("auto",), ("linear",), schema(Kind.IMAGE), images) == ("linear", *beside)


def test_what_is_asked_for_is_measured_once_and_only_where_it_can_read_the_inputs():
    table, of_texts = texts(20)[0], schema(Kind.TEXT)
    usual = ("majority", "linear", "boosted")
    assert measured(("auto", "small-mlp"), usual, of_texts, table) == ("majority", "linear", "small-mlp")
    assert measured(("linear", "boosted", "linear"), usual, of_texts, table) == ("linear",)
    assert measured((), usual, of_texts, table) == ()


def test_each_task_has_its_rungs_and_no_model_is_on_two():
    assert ladder(("most-frequent-tag", "window-tagger")) == ("most-frequent-tag", "window-tagger")
    assert ladder(("ngram", "unigram")) == ("unigram", "ngram")
    assert ladder(("mean", "ridge", "boosted-regression", "small-mlp")) == ("mean", "ridge", "small-mlp")
    assert ladder(("nearest", "boosted")) == ()
    assert all(len(ladder((name,))) <= 1 for name in BASELINES)


def test_an_unknown_name_is_said():
    with pytest.raises(RecipeError, match="did you mean 'majority'"):
        make_baseline("majorty", schema(Kind.NUMBER), LABELS, seed=0)


@pytest.mark.parametrize(("name", "labels"), [("ridge", LABELS), ("majority", ())])
def test_a_name_for_other_targets_is_refused(name, labels):
    with pytest.raises(RecipeError, match="legal are"):
        make_baseline(name, schema(Kind.NUMBER), labels, seed=0)


@pytest.mark.parametrize("labels", [LABELS, ()])
def test_all_that_suit_can_be_made(labels):
    for name in suited(labels):
        make_baseline(name, schema(Kind.NUMBER), labels, seed=0)


def test_a_guess_draws_classes_as_often_as_training_has_them():
    shares = np.array([0.5, 0.3, 0.2])
    guess, constant = (make_baseline(name, schema(Kind.NUMBER), LABELS, seed=0) for name in ("prior", "majority"))
    targets = np.repeat([0, 1, 2], (50, 30, 20))
    for baseline in (guess, constant):
        baseline.fit(Lesson(numbers(100), targets))
    answers, rows = guess.answer(numbers(20_000)), 20_000
    np.testing.assert_allclose(answers.sum(1), 1.0)
    np.testing.assert_allclose(np.bincount(answers.argmax(1)) / rows, shares, atol=0.02)
    np.testing.assert_array_equal(answers, guess.answer(numbers(rows)))
    truth = np.random.default_rng(1).choice(3, rows, p=shares)
    np.testing.assert_allclose((answers.argmax(1) == truth).mean(), (shares**2).sum(), atol=0.02)
    assert (answers.argmax(1) == truth).mean() < (constant.answer(numbers(rows)).argmax(1) == truth).mean()
    own, other = (-np.log(b.answer(numbers(rows))[np.arange(rows), truth]).mean() for b in (guess, constant))
    assert own > other


def weighted(kind=Kind.NUMBER):
    return dataclasses.replace(schema(kind), weight="w")


@pytest.mark.parametrize("name", ["majority", "linear", "boosted"])
def test_rows_weigh_as_if_they_stood_there_so_often(name):
    draw = np.random.default_rng(0)
    x, times = np.repeat(np.arange(30.0), 10), draw.integers(0, 5, 300)
    targets = draw.integers(0, 2, 300)
    one = Table(columns={"x": x, "w": times.astype(float)}, ids=tuple(map(str, range(300))))
    many = Table(columns={"x": np.repeat(x, times)}, ids=tuple(map(str, range(times.sum()))))
    by_weight, by_rows = (make_baseline(name, s, ("a", "b"), seed=0) for s in (weighted(), schema(Kind.NUMBER)))
    unweighted = make_baseline(name, schema(Kind.NUMBER), ("a", "b"), seed=0)
    by_weight.fit(Lesson(one, targets))
    by_rows.fit(Lesson(many, np.repeat(targets, times)))
    unweighted.fit(Lesson(one, targets))
    answers = [baseline.answer(one)[:, 1] for baseline in (by_weight, by_rows, unweighted)]
    assert np.abs(answers[0] - answers[1]).mean() < np.abs(answers[2] - answers[1]).mean()


@pytest.mark.parametrize("heavy", [0, 1])
def test_a_small_network_is_weighted(heavy):
    targets = np.arange(200) % 2
    columns = {"x": np.zeros(200), "w": np.where(targets == heavy, 9.0, 1.0)}
    table = Table(columns=columns, ids=tuple(map(str, range(200))))
    network = make_baseline("small-mlp", weighted(), ("a", "b"), seed=0)
    network.fit(Lesson(table, targets))
    assert network.answer(table)[0].argmax() == heavy


def test_the_mean_and_the_ridge_are_weighted():
    table = Table(columns={"x": np.array([0.0, 0.0, 1.0]), "w": np.array([3.0, 1.0, 0.0])}, ids=("a", "b", "c"))
    mean = make_baseline("mean", weighted(), (), seed=0)
    mean.fit(Lesson(table, np.array([0.0, 4.0, 100.0])))
    np.testing.assert_allclose(mean.answer(table), 1.0)
    ridge = make_baseline("ridge", weighted(), (), seed=0)
    ridge.fit(Lesson(table, np.array([0.0, 4.0, 100.0])))
    np.testing.assert_allclose(ridge.answer(table)[:2], 1.0)


def test_the_median_is_weighted_and_trees_of_the_median_are_near_it_where_targets_are_skewed():
    table = Table(columns={"x": np.zeros(4), "w": np.array([3.0, 1.0, 1.0, 0.0])}, ids=("a", "b", "c", "d"))
    median = make_baseline("median", weighted(), (), seed=0)
    for targets, wanted in (([0.0, 4.0, 9.0, 100.0], 0.0), ([4.0, 0.0, 9.0, -100.0], 4.0)):
        median.fit(Lesson(table, np.array(targets)))
        np.testing.assert_array_equal(median.answer(table), wanted)
    train = numbers()
    skewed = np.exp(2 * np.random.default_rng(0).normal(size=300))
    errors = {}
    for name in ("boosted-median", "boosted-regression"):
        trees = make_baseline(name, schema(Kind.NUMBER), (), seed=0)
        trees.fit(Lesson(train, skewed))
        errors[name] = abs(trees.answer(train) - skewed).mean()
    assert errors["boosted-median"] < errors["boosted-regression"]


@pytest.mark.parametrize(
    "name", ["mean", "median", "ridge", "boosted-regression", "boosted-median", "nearest", "small-mlp"]
)
def test_several_amounts_at_once_some_of_them_missing(name):
    train = numbers()
    targets = np.stack([train.columns["x"], -5 * train.columns["x"] + 1], axis=1)
    holes = targets.copy()
    holes[::7, 0], holes[3::7, 1] = np.nan, np.nan
    baseline = make_baseline(name, schema(Kind.NUMBER), (), seed=0)
    baseline.fit(Lesson(train, holes, train, holes))
    answers = baseline.answer(train)
    assert answers.shape == targets.shape
    if name == "median":
        known = [np.sort(column[np.isfinite(column)]) for column in holes.T]
        np.testing.assert_array_equal(answers[0], [column[(len(column) - 1) // 2] for column in known])
    elif name != "mean":
        assert ((answers - targets).var(0) < 0.3 * targets.var(0)).all()


@pytest.mark.parametrize("name", ["majority", "prior", "linear", "boosted", "nearest", "small-mlp"])
def test_shares_of_classes_are_learnt(name):
    train = numbers()
    right = (train.columns["x"] > 0) * 0.8 + 0.1
    baseline = make_baseline(name, schema(Kind.NUMBER), ("a", "b"), seed=0)
    shares = np.stack([1 - right, right], axis=1)
    baseline.fit(Lesson(train, shares, train, shares))
    answers = baseline.answer(train)
    np.testing.assert_allclose(answers.sum(1), 1.0)
    if name not in {"majority", "prior"}:
        assert ((answers[:, 1] > 0.5) == (right > 0.5)).mean() > 0.9


def test_rows_without_a_target_are_left_out():
    train = numbers()
    targets = np.where(train.columns["x"] > 0, 1, 0)
    targets[:20] = -100
    baseline = make_baseline("linear", schema(Kind.NUMBER), ("a", "b"), seed=0)
    baseline.fit(Lesson(train, targets))
    assert baseline.answer(train).shape == (300, 2)


def test_a_class_that_no_neighbour_has_is_not_impossible():
    train = numbers()
    baseline = make_baseline("nearest", schema(Kind.NUMBER), ("a", "b"), seed=0)
    baseline.fit(Lesson(train, np.where(train.columns["x"] > 0, 1, 0)))
    assert (baseline.answer(train) > 0).all()
