import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from kilter.metrics.classification import joint_counts
from kilter.metrics.confusion import (
    agreements,
    averages,
    class_scores,
    count_scores,
    labels_read,
    margins,
    rates,
    resample_margins,
)
from kilter.metrics.intervals import percentile_interval, wilson
from kilter.metrics.resampling import resample_counts

SKEWED = np.array([[150, 8, 2], [6, 30, 4], [1, 3, 6]])

tables = st.integers(2, 5).flatmap(
    lambda k: st.lists(st.lists(st.integers(0, 12), min_size=k, max_size=k), min_size=k, max_size=k)
)


def examples_of(table):
    """Targets and predictions whose joint counts the table is."""
    rows, columns = np.indices(np.shape(table))
    times = np.ravel(table)
    return np.repeat(rows.ravel(), times), np.repeat(columns.ravel(), times)


def sklearn_scores(target, predicted, labels):
    def averaged(function, average):
        return function(target, predicted, average=average, labels=labels, zero_division=np.nan)

    scores = {"accuracy": reference.accuracy_score(target, predicted)}
    if len(set(target) | set(predicted)) > 1:
        scores["mcc"] = reference.matthews_corrcoef(target, predicted)
    for average in ("macro", "micro", "weighted"):
        scores[f"{average}_precision"] = averaged(reference.precision_score, average)
        scores[f"{average}_recall"] = averaged(reference.recall_score, average)
        scores[f"{average}_f1"] = averaged(reference.f1_score, average)
    return scores


def test_scores_are_scikit_learns():
    target, predicted = examples_of(SKEWED)
    scores = count_scores(SKEWED, resamples=10)
    expected = sklearn_scores(target, predicted, labels=None)
    expected["balanced_accuracy"] = reference.balanced_accuracy_score(target, predicted)
    assert set(scores) == set(expected)
    for name, value in expected.items():
        assert scores[name].value == pytest.approx(value), name
        assert scores[name].n == SKEWED.sum()


def test_class_scores_are_scikit_learns():
    target, predicted = examples_of(SKEWED)
    precision, recall, f1, support = reference.precision_recall_fscore_support(target, predicted)
    for each, scores in enumerate(class_scores(SKEWED)):
        assert scores["precision"].value == pytest.approx(precision[each])
        assert scores["recall"].value == pytest.approx(recall[each])
        assert scores["f1"].value == pytest.approx(f1[each])
        assert scores["recall"].n == support[each]
        assert scores["precision"].n == np.count_nonzero(predicted == each)


def test_the_interval_of_a_class_f1_is_that_of_its_jaccard_index():
    f1 = class_scores(SKEWED)[1]["f1"]
    jaccard = wilson(30, 30 + 14 + 11 - 4 + 0, confidence=0.95)
    either = 40 + 41 - 30
    assert f1.n == either == 51
    assert jaccard.low == pytest.approx(f1.low / (2 - f1.low))
    assert jaccard.high == pytest.approx(f1.high / (2 - f1.high))


@settings(deadline=None, max_examples=30)
@given(tables)
def test_values_of_any_table_are_scikit_learns_or_have_a_reason(table):
    table = np.array(table)
    scores = count_scores(table, resamples=20)
    if not table.any():
        assert {score.undefined for score in scores.values()} == {"no examples"}
        return
    target, predicted = examples_of(table)
    read = sorted(set(target) | set(predicted))
    of = margins(table)
    for name, value in sklearn_scores(target, predicted, labels=read).items():
        score = scores[name]
        if score.value is not None:
            assert score.value == pytest.approx(value, abs=1e-12), name
            assert score.low <= score.value <= score.high
            assert name == "mcc" or 0 <= score.low <= score.high <= 1
        else:
            missing = {
                "macro_precision": (of.predicted[read] == 0).any(),
                "weighted_precision": (of.predicted[of.support > 0] == 0).any(),
                "macro_recall": (of.support[read] == 0).any(),
                "mcc": len(set(target)) == 1 or len(set(predicted)) == 1,
            }
            assert missing[name]
            assert score.undefined


@settings(deadline=None, max_examples=30)
@given(tables, st.randoms())
def test_renaming_the_classes_renames_the_scores(table, random):
    table = np.array(table)
    order = list(range(len(table)))
    random.shuffle(order)
    renamed = table[np.ix_(order, order)]
    first, second = count_scores(table, resamples=5), count_scores(renamed, resamples=5)
    for name, score in first.items():
        assert (score.value is None) == (second[name].value is None)
        assert score.value is None or score.value == pytest.approx(second[name].value, abs=1e-12)
    before, after = class_scores(table), class_scores(renamed)
    assert [before[each] for each in order] == list(after)


def test_the_reading_of_labels_decides_a_macro_average():
    table = np.zeros((4, 4), dtype=int)
    table[0, 0], table[0, 1], table[1, 1], table[1, 2] = 8, 2, 9, 1  # 2 is predicted only, 3 nowhere
    target, predicted = examples_of(table)
    for labels, sklearn_labels in (("observed", [0, 1, 2]), ("truth", [0, 1])):
        score = count_scores(table, labels=labels, resamples=100)["macro_f1"]
        expected = reference.f1_score(target, predicted, labels=sklearn_labels, average="macro")
        assert score.value == pytest.approx(expected)
        assert score.low <= score.value <= score.high
    everything = count_scores(table, labels="all", resamples=10)["macro_f1"]
    assert everything.undefined == "1 of 4 labels occur neither in truth nor in prediction"
    assert count_scores(table, resamples=10)["macro_recall"].undefined == "1 of 3 labels do not occur in truth"
    with pytest.raises(ValueError, match="'observed', 'truth' and 'all' are legal"):
        count_scores(table, labels="seen")


def test_what_has_no_value_says_why():
    one_answer = count_scores([[10, 0], [4, 0]], resamples=50)
    assert one_answer["mcc"].undefined == "all predictions are of one class"
    assert one_answer["macro_precision"].undefined == "1 of 2 labels were never predicted"
    assert one_answer["weighted_precision"].undefined == "1 of 2 labels were never predicted"
    assert one_answer["macro_f1"].value == pytest.approx((20 / 24 + 0) / 2)
    assert count_scores([[10, 2], [0, 0]], resamples=50)["mcc"].undefined == "all examples are of one class"
    classes = class_scores([[10, 0, 0], [4, 0, 0], [0, 0, 0]])
    assert classes[1]["precision"].undefined == "the class was never predicted"
    assert classes[1]["f1"].value == 0.0
    assert classes[2]["recall"].undefined == "no example is of the class"
    assert classes[2]["f1"].undefined == "the class occurs neither in truth nor in prediction"


def test_stacks_of_tables_are_scored_as_each_alone():
    stack = resample_counts(SKEWED, resamples=6, seed=1)
    of = margins(stack)
    together = agreements(of) | averages(of, labels_read(of, "observed"))
    for place, table in enumerate(stack):
        alone = count_scores(table, resamples=1)
        for name, values in together.items():
            assert values[place] == pytest.approx(alone[name].value)
        for rate, name in zip(rates(of), ("precision", "recall", "f1"), strict=True):
            assert rate[place].tolist() == pytest.approx([scores[name].value for scores in class_scores(table)])


def test_resampled_margins_are_those_of_resampled_tables():
    table = SKEWED.copy()
    table[2, 0] = table[2, 1] = 0
    drawn = margins(resample_counts(table, resamples=30, seed=2))
    chunks = list(resample_margins(table, resamples=30, seed=2))
    for name in ("hits", "support", "predicted"):
        np.testing.assert_array_equal(np.concatenate([getattr(chunk, name) for chunk in chunks]), getattr(drawn, name))


def naive_f1(target, predicted):
    scores = []
    for each in sorted(set(target) | set(predicted)):
        hits = np.count_nonzero((target == each) & (predicted == each))
        scores.append(2 * hits / (np.count_nonzero(target == each) + np.count_nonzero(predicted == each)))
    return np.mean(scores)


def test_intervals_match_the_naive_bootstrap_over_examples():
    target, predicted = examples_of(SKEWED)
    n = len(target)
    generator = np.random.default_rng(0)
    naive = {"accuracy": [], "macro_f1": [], "mcc": []}
    for _ in range(1_500):
        drawn = generator.integers(0, n, n)
        naive["accuracy"].append(np.mean(target[drawn] == predicted[drawn]))
        naive["macro_f1"].append(naive_f1(target[drawn], predicted[drawn]))
        hot = np.eye(3)[target[drawn]], np.eye(3)[predicted[drawn]]  # MCC is their correlation over all entries
        apart = [each - each.mean(axis=0) for each in hot]
        naive["mcc"].append((apart[0] * apart[1]).sum() / np.sqrt((apart[0] ** 2).sum() * (apart[1] ** 2).sum()))
    scores = count_scores(SKEWED)
    closed = wilson(186, n)
    for name, values in naive.items():
        expected = percentile_interval(values, n=n)
        width = expected.high - expected.low
        if name == "accuracy":
            expected = closed
        assert scores[name].method == ("wilson" if name == "accuracy" else "resampling")
        assert scores[name].low == pytest.approx(expected.low, abs=0.08 * width), name
        assert scores[name].high == pytest.approx(expected.high, abs=0.08 * width), name


def test_means_over_labels_say_which_and_whether_some_are_rare():
    scores = count_scores(SKEWED, labels="truth", resamples=10)
    assert scores["macro_f1"].reading == "mean over labels in truth"
    assert count_scores(SKEWED, resamples=10)["macro_f1"].reading == "mean over labels in truth or prediction"
    assert scores["accuracy"].reading == scores["mcc"].reading == ""
    assert scores["balanced_accuracy"].strained == ""
    rare = count_scores(SKEWED // 2, resamples=10)
    assert {name for name, score in rare.items() if score.strained == "rare classes"} == {
        name for name in rare if name.startswith(("macro", "weighted", "balanced")) and name != "weighted_recall"
    }


def test_accuracy_takes_wilsons_interval():
    scores = count_scores([[50, 1], [0, 49]], resamples=200)
    expected = wilson(99, 100)
    assert (scores["accuracy"].low, scores["accuracy"].high) == (expected.low, expected.high)
    assert scores["accuracy"].method == "wilson"
    assert scores["micro_f1"] == scores["accuracy"]


@pytest.mark.parametrize("table", [[[30, 0, 0], [0, 20, 0], [0, 0, 10]], [[0, 30, 0], [20, 0, 0], [0, 10, 0]]])
def test_all_right_or_all_wrong_still_has_an_open_side(table):
    scores = count_scores(table, resamples=200)
    for name, score in scores.items():
        if score.value is not None:
            assert score.high - score.low > 0.01, name
            assert score.value in {score.low, score.high} or name == "mcc"
    if np.trace(table):
        classes = [wilson(n, n).low for n in (30, 20, 10)]
        expected = 1 - math.sqrt(sum((1 - low) ** 2 for low in classes)) / 3
        assert scores["balanced_accuracy"].low == pytest.approx(expected)
        chance = (0.5**2) + (1 / 3) ** 2 + (1 / 6) ** 2
        assert scores["mcc"].low == pytest.approx((wilson(60, 60).low - chance) / (1 - chance))


def test_a_rare_class_widens_what_weighs_it_like_the_others():
    rare = np.array([[500, 20, 0], [20, 300, 0], [0, 0, 3]])
    score = count_scores(rare, resamples=500)["balanced_accuracy"]
    assert score.value - score.low > (1 - wilson(3, 3).low) / 3


def test_intervals_keep_their_confidence():
    shares = np.array([[0.5, 0.05, 0.01], [0.04, 0.25, 0.02], [0.01, 0.02, 0.1]])
    truth = {name: score.value for name, score in count_scores((shares * 1e6).astype(int), resamples=1).items()}
    generator = np.random.default_rng(11)
    held = dict.fromkeys(("accuracy", "macro_f1", "balanced_accuracy", "mcc"), 0)
    for repeat in range(200):
        table = generator.multinomial(150, shares.ravel()).reshape(3, 3)
        scores = count_scores(table, resamples=300, seed=repeat)
        for name in held:
            held[name] += scores[name].low <= truth[name] <= scores[name].high
    for name, times in held.items():
        assert 0.9 <= times / 200 <= 0.995, name


def test_a_wider_confidence_is_wider_and_a_seed_is_kept():
    narrow, wide, again = (
        count_scores(SKEWED, confidence=confidence, resamples=500)["macro_f1"] for confidence in (0.8, 0.99, 0.8)
    )
    assert wide.low < narrow.low <= narrow.high < wide.high
    assert (narrow.confidence, wide.confidence) == (0.8, 0.99)
    assert narrow == again
    assert count_scores(SKEWED, resamples=500, seed=1, confidence=0.8)["macro_f1"] != narrow


@pytest.mark.parametrize("counts", [np.zeros((2, 3), int), np.zeros((1, 1), int), np.zeros(4, int)])
def test_tables_are_square(counts):
    for score in (count_scores, class_scores, lambda each: next(resample_margins(each))):
        with pytest.raises(ValueError, match="a square table"):
            score(counts)


def test_joint_counts_and_tables_agree():
    target, predicted = examples_of(SKEWED)
    np.testing.assert_array_equal(joint_counts(target, predicted, 3), SKEWED)
