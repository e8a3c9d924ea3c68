"""Confident learning."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kilter.metrics.label_noise import (
    class_thresholds,
    confident_joint,
    likely_classes,
    noise_rate,
    ranked,
    suspects,
)


@st.composite
def answers(draw):
    """Labels and probabilities of a few classes; every class is given to some example."""
    classes, n = draw(st.integers(2, 4)), draw(st.integers(8, 40))
    labels = np.array([*range(classes), *(draw(st.integers(0, classes - 1)) for _ in range(n - classes))])
    raw = draw(arrays(np.float64, (n, classes), elements=st.floats(0.01, 1)))
    return labels, raw / raw.sum(axis=1, keepdims=True)


def noisy(n=600, classes=3, rate=0.1, seed=0):
    """Labels of which some were changed, and probabilities of a model that mostly knows the true ones."""
    generator = np.random.default_rng(seed)
    true = generator.integers(0, classes, n)
    changed = generator.random(n) < rate
    labels = np.where(changed, (true + generator.integers(1, classes, n)) % classes, true)
    logits = generator.normal(size=(n, classes)) + 4 * np.eye(classes)[true]
    shares = np.exp(logits)
    return labels, shares / shares.sum(axis=1, keepdims=True), changed


def naive_joint(labels, shares):
    """Section 3.1, example by example."""
    n, classes = shares.shape
    thresholds = [shares[labels == one, one].mean() for one in range(classes)]
    counts = np.zeros((classes, classes))
    for row in range(n):
        reached = [one for one in range(classes) if shares[row, one] >= thresholds[one] - 1e-12]
        if reached:
            counts[labels[row], max(reached, key=lambda one: (shares[row, one], -one))] += 1
    joint = np.zeros((classes, classes))
    for one in range(classes):
        own = counts[one] if counts[one].sum() else np.eye(classes)[one]
        joint[one] = own / own.sum() * (labels == one).sum()
    return joint


@given(answers())
@settings(max_examples=60)
def test_the_joint_equals_the_naive_one(given_answers):
    labels, shares = given_answers

    assert confident_joint(labels, shares) == pytest.approx(naive_joint(labels, shares), abs=1e-9)


@given(answers())
@settings(max_examples=60)
def test_the_joint_keeps_what_is_given(given_answers):
    labels, shares = given_answers
    joint = confident_joint(labels, shares)

    assert joint.sum(axis=1) == pytest.approx(np.bincount(labels, minlength=shares.shape[1]))
    rate = noise_rate(labels, shares, resamples=50)
    assert rate.value == pytest.approx(1 - np.trace(joint) / len(labels), abs=1e-9)
    assert 0 <= rate.low <= rate.value <= rate.high <= 1


@given(answers())
@settings(max_examples=60)
def test_as_many_are_suspected_as_the_joint_says(given_answers):
    labels, shares = given_answers
    joint = np.rint(confident_joint(labels, shares))
    own = shares[np.arange(len(labels)), labels]
    for prune in ("noise rate", "class", "both"):
        found = suspects(labels, shares, prune=prune)
        assert len(set(found.tolist())) == len(found) <= joint.sum() - np.trace(joint) + len(joint)
        assert (np.diff(own[found]) >= 0).all()
        assert (own[found] < shares[found].max(axis=1)).all()
    both = set(suspects(labels, shares, prune="both").tolist())
    assert both == set(suspects(labels, shares, prune="class").tolist()) & set(suspects(labels, shares).tolist())


def test_what_was_changed_is_found():
    labels, shares, changed = noisy()
    found = suspects(labels, shares)

    assert changed[found].mean() > 0.85
    assert changed[found].sum() > 0.8 * changed.sum()
    rate = noise_rate(labels, shares)
    assert rate.low < changed.mean() < rate.high
    assert rate.method == "resampling"


def test_right_labels_leave_few_suspects():
    labels, shares, _ = noisy(rate=0.0)

    assert len(suspects(labels, shares)) < 0.03 * len(labels)


def test_the_joint_and_the_suspects_are_those_of_cleanlab():
    count = pytest.importorskip("cleanlab.count")
    labels, shares, _ = noisy(classes=4)

    peer = count.compute_confident_joint(labels, shares, calibrate=False)
    unscaled = np.zeros((4, 4), dtype=int)
    likely = likely_classes(labels, shares)
    np.add.at(unscaled, (labels[likely >= 0], likely[likely >= 0]), 1)
    assert unscaled.tolist() == peer.tolist()

    issues = pytest.importorskip("cleanlab.filter").find_label_issues(
        labels, shares, return_indices_ranked_by="self_confidence", filter_by="prune_by_class", n_jobs=1
    )
    ours = suspects(labels, shares, prune="class")
    assert len(set(ours.tolist()) & set(issues.tolist())) >= 0.9 * max(len(ours), len(issues))


def test_the_interval_covers_the_estimate_of_other_samples():
    labels, shares, _ = noisy(n=4000)
    whole = noise_rate(labels, shares, resamples=10).value
    thirds = [noise_rate(labels[part], shares[part], seed=1) for part in np.array_split(np.arange(4000), 20)]

    assert sum(third.low <= whole <= third.high for third in thirds) >= 16


def test_the_ranks_are_what_they_say():
    labels, shares = [0, 0, 1], [[0.2, 0.8, 0.0], [0.3, 0.35, 0.35], [0.1, 0.9, 0.0]]

    assert ranked(labels, shares).tolist() == [0, 1, 2]
    assert ranked([0, 0], [[0.2, 0.4, 0.4], [0.3, 0.7, 0.0]]).tolist() == [0, 1]
    assert ranked([0, 0], [[0.2, 0.4, 0.4], [0.3, 0.7, 0.0]], rank="normalised margin").tolist() == [1, 0]


def test_a_class_that_nothing_is_given_is_never_likely():
    shares = [[0.1, 0.2, 0.7], [0.1, 0.2, 0.7], [0.1, 0.8, 0.1]]

    assert class_thresholds([0, 0, 1], shares)[2] == np.inf
    assert (likely_classes([0, 0, 1], shares) != 2).all()


def test_a_class_without_any_probability_is_never_likely():
    shares = [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]

    assert likely_classes([0, 0, 1], shares).tolist() == [0, 0, 0]
    assert confident_joint([0, 0, 1], shares).tolist() == [[2, 0], [1, 0]]
    assert suspects([0, 0, 1], shares).tolist() == [2]


def test_without_examples_the_rate_says_why():
    rate = noise_rate(np.zeros(0, dtype=int), np.zeros((0, 2)))

    assert rate.undefined == "no examples"
    assert suspects(np.zeros(0, dtype=int), np.zeros((0, 2))).tolist() == []


@pytest.mark.parametrize(
    ("labels", "shares", "said"),
    [
        ([0, 1], [[1.0], [1.0]], "two classes or more"),
        ([0, 2], [[0.5, 0.5], [0.5, 0.5]], "0 to 1"),
        ([0], [[0.5, 0.5], [0.5, 0.5]], "shape"),
        ([0, 1], [[0.5, 0.2], [0.5, 0.5]], "add up"),
        ([0, 1], [[np.nan, 0.2], [0.5, 0.5]], "not-a-number"),
    ],
)
def test_what_cannot_be_is_refused(labels, shares, said):
    for measure in (class_thresholds, likely_classes, confident_joint, noise_rate, suspects, ranked):
        with pytest.raises(ValueError, match=said):
            measure(labels, shares)


def test_an_unknown_way_is_refused():
    with pytest.raises(ValueError, match="noise rate, class, both are legal"):
        suspects([0, 1], [[0.9, 0.1], [0.1, 0.9]], prune="all")
    with pytest.raises(ValueError, match="self-confidence"):
        ranked([0, 1], [[0.9, 0.1], [0.1, 0.9]], rank="loss")
