from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from kilter.evaluation.comparing import compare, compare_all, compare_ladder
from kilter.values.comparison import Effort
from kilter.values.errors import UsageError


def answers(right):
    """Probabilities that are right for class 0 where `right` says so."""
    return [[0.8, 0.2] if each else [0.3, 0.7] for each in right]


@pytest.fixture
def two(classified):
    """60 examples: 50 and 38 right, 20 only by the left, 8 only by the right."""
    left = [True] * 30 + [True] * 20 + [False] * 8 + [False] * 2
    right = [True] * 30 + [False] * 20 + [True] * 8 + [False] * 2
    return classified([0] * 60, answers(left)), classified([0] * 60, answers(right))


def test_right_and_wrong_are_tested_by_mcnemar_exactly(two):
    made = compare(*two, names=("network", "linear"), split="valid")
    assert made.p_value == pytest.approx(stats.binomtest(8, 28).pvalue, rel=1e-12)
    assert made.test == "exact McNemar test"
    assert (made.left, made.right, made.split, made.difference.n) == ("network", "linear", "valid", 60)
    assert made.difference.value == pytest.approx(12 / 60)
    assert 0 < made.difference.low < made.difference.value < made.difference.high
    assert made.winner == "network"
    assert made.difference.method == "newcombe"
    assert made.difference.name == "share right"
    assert compare(*two, merit="accuracy").difference.name == "accuracy"
    assert made.adjusted_p_value is None


def test_swapping_the_models_turns_the_sign(two):
    left, right = two
    one, other = compare(left, right, names=("a", "b")), compare(right, left, names=("b", "a"))
    assert other.difference.value == -one.difference.value
    assert (other.difference.low, other.difference.high) == pytest.approx((-one.difference.high, -one.difference.low))
    assert one.winner == other.winner == "a"


def test_amounts_are_tested_by_permutation(estimated):
    target = np.linspace(0, 1, 40)
    noise = np.random.default_rng(0).normal(size=40)
    good, bad = estimated(target, target + 0.1 * noise), estimated(target, target + noise)
    made = compare(good, bad, names=("good", "bad"))
    assert made.test == "paired permutation test"
    assert made.difference.name == "mean merit"
    assert compare(good, bad, merit="span F1").difference.name == "span F1"
    assert made.difference.value == pytest.approx(float(good.merit.mean() - bad.merit.mean()))
    assert made.winner == "good"
    assert made.difference.method == "bootstrap-t"
    reference = stats.permutation_test(
        (good.merit, bad.merit), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=20_000, rng=1
    )
    assert made.p_value == pytest.approx(reference.pvalue, abs=0.01)
    assert compare(good, bad) == compare(good, bad)  # the seed is fixed


def test_equal_models_have_no_winner(two):
    made = compare(two[0], two[0])
    assert (made.difference.value, made.p_value, made.winner) == (0.0, 1.0, None)


def test_rows_in_another_order_are_matched_by_their_ids(two):
    left, right = two
    turned = right.take(np.arange(60)[::-1])
    assert compare(left, turned) == compare(left, right)


@pytest.mark.parametrize(
    ("target", "ids", "met"),
    [
        ([0, 0, 1], ("a", "b", "c"), r"1 of 3 examples have another target for 'x' than for 'y' \(c\)"),
        ([0, 0, 0], ("a", "b", "d"), r"1 examples only of 'x' and 1 only of 'y' \(c, d, ...\)"),
        ([0, 0], ("a", "b"), r"1 examples only of 'x' and 0 only of 'y' \(c, ...\)"),
        ([0, 0, 0], ("a", "b", "b"), r"1 examples only of 'x' and 0 only of 'y' \(c, ...\)"),
        ([0, 0, 0, 0], ("a", "b", "c", "c"), "3 rows of 'x' and 4 of 'y', with ids that occur several times"),
    ],
)
def test_other_examples_are_an_error_in_three_parts(classified, target, ids, met):
    left = classified([0, 0, 0], answers([True, True, False]), ids=("a", "b", "c"))
    right = classified(target, answers([True] * len(target)), ids=ids)
    with pytest.raises(UsageError, match=met) as caught:
        compare(left, right, names=("x", "y"))
    assert caught.value.summary.legal
    assert caught.value.summary.remedy


def test_targets_of_another_kind_are_an_error(classified, estimated):
    left = classified([0, 1], answers([True, True]))
    with pytest.raises(UsageError, match="2 of 2 examples have another target"):
        compare(left, estimated([0.5, 1.5], [0.0, 0.0]))


def test_too_few_examples_and_merits_without_a_number_are_errors(classified, estimated):
    empty = classified([], np.empty((0, 2)))
    with pytest.raises(UsageError, match="0 examples to compare"):
        compare(empty, empty)
    one = estimated([1.0], [2.0])
    with pytest.raises(UsageError, match="1 examples to compare"):
        compare(one, one)
    with pytest.raises(UsageError, match="1 of 2 predictions of 'right' have a merit that is no finite number"):
        compare(estimated([1.0, 2.0], [1.5, 2.0]), estimated([1.0, 2.0], [float("nan"), 2.0]))


def test_comparisons_made_together_are_corrected(classified):
    draw = np.random.default_rng(4)
    made = {
        name: classified([0] * 200, answers(draw.random(200) < share))
        for name, share in (("network", 0.9), ("linear", 0.8), ("majority", 0.5), ("boosted", 0.86))
    }
    comparisons = compare_all(made, model="network", split="test")
    assert [(c.left, c.right) for c in comparisons] == [("network", n) for n in ("linear", "majority", "boosted")]
    assert {c.correction for c in comparisons} == {"Holm"}
    worst = 0.0
    for rank, comparison in enumerate(sorted(comparisons, key=lambda c: c.p_value)):
        worst = max(worst, min(1.0, (3 - rank) * comparison.p_value))
        assert comparison.adjusted_p_value == pytest.approx(worst)
    assert len(compare_all(made)) == 6
    assert {each.difference.name for each in compare_all(made, merit="accuracy")} == {"accuracy"}
    assert compare_all({"network": made["network"]}, model="network") == ()


def test_each_rung_is_compared_with_the_one_below_it(classified):
    draw = np.random.default_rng(4)
    made = {
        name: classified([0] * 200, answers(draw.random(200) < share))
        for name, share in (("majority", 0.5), ("linear", 0.8), ("network", 0.83))
    }
    efforts = {"network": Effort(steps=9), "linear": Effort(trials=3)}
    rungs = compare_ladder(made, split="valid", merit="accuracy", efforts=efforts)
    assert [(c.left, c.right, c.split) for c in rungs] == [
        ("linear", "majority", "valid"),
        ("network", "linear", "valid"),
    ]
    assert [(c.left_effort, c.right_effort) for c in rungs] == [
        (efforts["linear"], None),
        (efforts["network"], efforts["linear"]),
    ]
    for rung in rungs:
        alone = compare(made[rung.left], made[rung.right], names=(rung.left, rung.right), merit="accuracy")
        assert (rung.difference, rung.p_value) == (alone.difference, alone.p_value)
        assert (rung.correction, rung.compared) == ("Holm", 2)
    assert rungs[0].adjusted_p_value == pytest.approx(2 * rungs[0].p_value)
    assert rungs[1].adjusted_p_value == pytest.approx(max(rungs[1].p_value, rungs[0].adjusted_p_value))
    assert compare_ladder({"network": made["network"]}) == ()


def test_an_unknown_model_is_an_error(two):
    with pytest.raises(UsageError, match="no predictions of 'net': there are those of 'network', 'linear'"):
        compare_all(dict(zip(("network", "linear"), two, strict=True)), model="net")


def test_amounts_that_are_missing_in_both_are_the_same_targets(estimated):
    made = estimated([1.0, 2.0, 3.0], [1.5, 2.0, 2.0])
    holed = np.array([[1.0, np.nan], [2.0, 3.0], [np.nan, 4.0]])
    left, right = replace(made, target=holed, decided=holed), replace(made, target=holed.copy(), decided=holed)

    assert compare(left, right).difference.value == 0
    with pytest.raises(UsageError, match="1 of 3 examples have another target"):
        compare(left, replace(right, target=np.where(np.isnan(holed), [[np.nan, 0.0]], holed)))


def test_examples_of_a_group_are_resampled_together(two):
    left, right = two
    groups = {name: f"text {row // 5}" for row, name in enumerate(left.ids)}
    made, alone = compare(left, right, groups=groups), compare(left, right)
    assert (made.clusters, alone.clusters) == (12, None)
    assert made.test == "cluster permutation test"
    assert made.difference.value == pytest.approx(alone.difference.value)
    assert made.difference.high - made.difference.low > alone.difference.high - alone.difference.low
    assert made.p_value > alone.p_value
    assert made.detectable.n == 12
    assert compare_all({"a": left, "b": right}, groups=groups)[0].p_value == made.p_value


def test_what_could_have_been_shown_reckons_with_all_that_was_compared_together(two):
    left, right = two
    assert compare(left, right).detectable.level == 0.05
    three = compare_all({"a": left, "b": right, "c": right})
    assert {made.detectable.level for made in three} == {0.05 / 3}
    rungs = compare_ladder({"a": left, "b": right, "c": left})
    assert {made.detectable.level for made in rungs} == {0.025}


def test_groups_of_one_example_are_no_groups(two):
    assert compare(*two, groups={name: name for name in two[0].ids}) == compare(*two)


def test_groups_must_be_known_and_several(two):
    ids = two[0].ids
    with pytest.raises(UsageError, match="1 of 60 examples have no group"):
        compare(*two, groups=dict.fromkeys(ids[1:], "a"))
    with pytest.raises(UsageError, match="1 group of 60 examples"):
        compare(*two, groups=dict.fromkeys(ids, "a"))


def test_what_was_compared_together_is_told_with_its_effort(classified):
    draw = np.random.default_rng(4)
    made = {name: classified([0] * 90, answers(draw.random(90) < 0.8)) for name in ("network", "linear", "majority")}
    spent = {"network": Effort(trials=4, steps=900), "linear": Effort(trials=3)}
    first, second = compare_all(made, model="network", efforts=spent)
    assert (first.compared, second.compared) == (2, 2)
    assert (first.left_effort, first.right_effort) == (spent["network"], spent["linear"])
    assert second.right_effort is None


def test_the_share_of_false_claims_may_be_bounded_instead(classified):
    draw = np.random.default_rng(4)
    shares = (("a", 0.9), ("b", 0.8), ("c", 0.78), ("d", 0.75))
    made = {name: classified([0] * 200, answers(draw.random(200) < share)) for name, share in shares}
    comparisons = compare_all(made, model="a", correction="Benjamini-Hochberg")
    expected = stats.false_discovery_control([c.p_value for c in comparisons])
    assert [c.adjusted_p_value for c in comparisons] == pytest.approx(list(expected))
    assert {c.correction for c in comparisons} == {"Benjamini-Hochberg"}
    with pytest.raises(UsageError, match="correction='Bonferroni'"):
        compare_all(made, correction="Bonferroni")
