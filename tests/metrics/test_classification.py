import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from kilter.metrics.classification import classification_scores, joint_counts, log_loss, top_k_accuracy
from kilter.metrics.confusion import count_scores
from kilter.metrics.ranking import average_precision, one_vs_rest_auc, roc_auc


@pytest.fixture
def decided():
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.ones(6), size=400)
    target = np.array([generator.choice(6, p=row) for row in probabilities])
    return target, probabilities


@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.uint16])
def test_joint_counts_are_those_of_a_loop(dtype):
    generator = np.random.default_rng(0)
    target, predicted = generator.integers(0, 4, (2, 500)).astype(dtype)
    expected = np.zeros((4, 4), int)
    for true, taken in zip(target, predicted, strict=True):
        expected[true, taken] += 1
    np.testing.assert_array_equal(joint_counts(target, predicted, 4), expected)
    np.testing.assert_array_equal(joint_counts(target, predicted, 4), reference.confusion_matrix(target, predicted))


def test_joint_counts_of_nothing_and_of_wide_indices():
    assert joint_counts([], [], 3).tolist() == [[0] * 3] * 3
    assert joint_counts(np.array([200], np.uint8), np.array([100], np.uint8), 201)[200, 100] == 1


@pytest.mark.parametrize(
    ("target", "predicted", "classes", "met"),
    [
        ([0, 1], [0], 2, "target 2, predicted 1"),
        ([[0], [1]], [0, 1], 2, r"target has shape \(2, 1\)"),
        ([0, 1], [0.0, 1.0], 2, "predicted holds float64"),
        ([0, 1], [0, 2], 2, "predicted holds the class index 2"),
        ([0], [0], 1, "two or more are legal"),
    ],
)
def test_joint_counts_refuse(target, predicted, classes, met):
    with pytest.raises(ValueError, match=met):
        joint_counts(target, predicted, classes)


def test_log_loss_is_scikit_learns(decided):
    target, probabilities = decided
    measure = log_loss(target, probabilities)
    assert measure.value == pytest.approx(reference.log_loss(target, probabilities))
    assert measure.low < measure.value < measure.high
    assert log_loss(target, probabilities.astype(np.float32)).value == pytest.approx(measure.value, rel=1e-6)


def test_an_impossible_truth_is_an_infinite_loss_and_said():
    measure = log_loss([0, 1, 1], [[1.0, 0.0], [1.0, 0.0], [0.5, 0.5]])
    assert measure.value is None
    assert measure.undefined == "1 of 3 true classes were given a probability of 0: the loss is infinite"


@pytest.mark.parametrize("k", [1, 2, 5])
def test_top_k_is_scikit_learns(decided, k):
    target, probabilities = decided
    measure = top_k_accuracy(target, probabilities, k)
    assert measure.value == pytest.approx(reference.top_k_accuracy_score(target, probabilities, k=k))
    assert measure.method == "wilson"


def test_ties_count_with_their_chance():
    even = np.full((3, 4), 0.25)
    assert top_k_accuracy([0, 1, 2], even, 1).value == 0.25
    half = top_k_accuracy([0, 1, 2, 3] * 5, [[0.4, 0.4, 0.1, 0.1]] * 20, 1)
    assert half.value == pytest.approx(0.25)
    assert half.method == "bootstrap-t"
    assert top_k_accuracy([0, 1, 2, 3], [[0.4, 0.4, 0.1, 0.1]] * 4, 2).method == "wilson"


@pytest.mark.parametrize("k", [0, 6, -1])
def test_top_k_refuses_what_is_always_or_never_right(decided, k):
    with pytest.raises(ValueError, match="1 to 5 are legal"):
        top_k_accuracy(*decided, k)


def test_all_scores_come_by_name(decided):
    target, probabilities = decided
    predicted = probabilities.argmax(axis=1)
    scores = classification_scores(
        target, predicted, 6, probabilities=probabilities, top=(2, 3), one_vs_rest=True, resamples=200
    )
    counted = count_scores(joint_counts(target, predicted, 6), resamples=200)
    assert {name: scores[name] for name in counted} == counted
    assert set(scores) - set(counted) == {"log_loss", "top_2_accuracy", "top_3_accuracy", "roc_auc"}
    assert scores["roc_auc"] == one_vs_rest_auc(target, probabilities)
    assert set(classification_scores(target, predicted, 6, resamples=10)) == set(counted)


def test_two_classes_have_a_ranking(decided):
    target, probabilities = decided
    pair = np.stack([1 - probabilities[:, 0], probabilities[:, 0]], axis=1)
    binary = (target == 0).astype(int)
    scores = classification_scores(binary, pair.argmax(axis=1), 2, probabilities=pair, resamples=50)
    assert scores["roc_auc"] == roc_auc(binary, pair[:, 1])
    assert scores["average_precision"] == average_precision(binary, pair[:, 1])


def test_options_without_effect_are_refused(decided):
    target, probabilities = decided
    predicted = probabilities.argmax(axis=1)
    with pytest.raises(ValueError, match="without probabilities"):
        classification_scores(target, predicted, 6, top=(2,))
    with pytest.raises(ValueError, match="without probabilities"):
        classification_scores(target, predicted, 6, one_vs_rest=True)
    with pytest.raises(ValueError, match="3 or more are legal"):
        classification_scores([0, 1], [0, 1], 2, probabilities=np.full((2, 2), 0.5), one_vs_rest=True)
    with pytest.raises(ValueError, match=r"shape \(400,\)"):
        log_loss(target, probabilities[:, 0])
    with pytest.raises(ValueError, match=r"\(400, 7\) is legal"):
        classification_scores(target, predicted, 7, probabilities=probabilities)


def test_an_empty_split_has_reasons_everywhere():
    scores = classification_scores([], [], 2, probabilities=np.zeros((0, 2)), top=(1,))
    assert {score.undefined for score in scores.values()} == {"no examples"}
    assert {score.n for score in scores.values()} == {0}


@settings(deadline=None, max_examples=20)
@given(st.integers(2, 4), st.integers(1, 40), st.integers(0, 1000))
def test_the_order_of_examples_changes_nothing(classes, n, seed):
    generator = np.random.default_rng(seed)
    target, predicted = generator.integers(0, classes, (2, n))
    probabilities = generator.dirichlet(np.ones(classes), size=n)
    mixed = generator.permutation(n)
    first = classification_scores(target, predicted, classes, probabilities=probabilities, resamples=30)
    second = classification_scores(
        target[mixed], predicted[mixed], classes, probabilities=probabilities[mixed], resamples=30
    )
    assert first.keys() == second.keys()
    for name, score in first.items():
        numbers = (score.value, score.low, score.high)
        assert numbers == pytest.approx((second[name].value, second[name].low, second[name].high), nan_ok=False), name


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 5), st.integers(0, 30), st.integers(1, 3), st.integers(0, 10_000))
def test_scores_of_probabilities_are_scikit_learns_or_have_a_reason(classes, n, levels, seed):
    """Few levels make ties, also at the k-th place; of few examples some classes are absent."""
    generator = np.random.default_rng(seed)
    target = generator.integers(0, classes, n)
    coarse = generator.integers(0, levels + 1, (n, classes)) + 0.5
    probabilities = coarse / coarse.sum(axis=1, keepdims=True)
    scores = classification_scores(
        target, probabilities.argmax(axis=1), classes, probabilities=probabilities, one_vs_rest=classes > 2, resamples=5
    )
    if n == 0:
        assert {score.undefined for score in scores.values()} == {"no examples"}
        return
    names = list(range(classes))
    loss = reference.log_loss(target, probabilities, labels=names)
    assert scores["log_loss"].value == pytest.approx(loss, abs=1e-9)
    present = set(target.tolist()) == set(names)
    assert (scores["roc_auc"].value is not None) == present
    if present and classes == 2:
        area = reference.roc_auc_score(target, probabilities[:, 1])
        precision = reference.average_precision_score(target, probabilities[:, 1])
        assert scores["average_precision"].value == pytest.approx(precision, abs=1e-9)
    if present and classes > 2:
        area = reference.roc_auc_score(target, probabilities, multi_class="ovr")
    assert not present or scores["roc_auc"].value == pytest.approx(area, abs=1e-9)
    untied = probabilities + generator.random((n, classes)) * 1e-6
    for k in range(1, classes):
        theirs = reference.top_k_accuracy_score(target, untied, k=k, labels=names) if classes > 2 else None
        ours = top_k_accuracy(target, untied / untied.sum(axis=1, keepdims=True), k).value
        assert theirs is None or ours == pytest.approx(theirs, abs=1e-9)
