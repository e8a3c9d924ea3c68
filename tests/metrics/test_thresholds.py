import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, f1_score, precision_recall_curve

from kilter.metrics.thresholds import largest_f1, recall_at_precision, smallest_cost

binary = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from(np.linspace(0, 1, 11).tolist())), min_size=1, max_size=50
)
with_positives = binary.filter(lambda rows: any(row[0] for row in rows))


@settings(deadline=None, max_examples=80)
@given(with_positives)
def test_the_largest_f1_is_that_of_scikit_learns_curve(rows):
    target, score = map(np.array, zip(*rows, strict=True))
    choice = largest_f1(target, score)
    precision, recall, _ = precision_recall_curve(target, score)
    total = precision + recall
    f1 = np.divide(2 * precision * recall, total, out=np.zeros(len(total)), where=total > 0)
    assert choice.reached == pytest.approx(f1.max(), abs=1e-9)
    assert f1_score(target, score >= choice.threshold) == pytest.approx(choice.reached, abs=1e-9)


@settings(deadline=None, max_examples=80)
@given(with_positives, st.sampled_from([0.3, 0.5, 0.8, 1.0]))
def test_recall_at_a_precision_is_that_of_scikit_learns_curve(rows, wanted):
    target, score = map(np.array, zip(*rows, strict=True))
    choice = recall_at_precision(target, score, wanted)
    precision, recall, _ = (values[:-1] for values in (*precision_recall_curve(target, score)[:2], [0, 0]))
    reachable = recall[precision >= wanted]
    if not len(reachable):
        assert choice.threshold is None
        assert f"no threshold has a precision above {precision.max():.4g}" in choice.undefined
        return
    assert choice.reached == pytest.approx(reachable.max(), abs=1e-9)
    decided = score >= choice.threshold
    assert target[decided].mean() >= wanted
    assert decided[target == 1].mean() == pytest.approx(choice.reached, abs=1e-9)


@settings(deadline=None, max_examples=80)
@given(binary, st.lists(st.integers(-3, 9), min_size=4, max_size=4))
def test_the_smallest_cost_is_found_by_trying_all(rows, numbers):
    target, score = map(np.array, zip(*rows, strict=True))
    costs = np.array(numbers).reshape(2, 2)
    choice = smallest_cost(target, score, costs)

    def cost(threshold):
        return (confusion_matrix(target, score >= threshold, labels=[0, 1]) * costs).sum() / len(target)

    assert choice.reached == pytest.approx(min(cost(t) for t in [*np.unique(score), np.inf]), abs=1e-9)
    assert cost(choice.threshold) == pytest.approx(choice.reached, abs=1e-9)


def test_a_threshold_lies_half_way_to_the_next_lower_score():
    choice = largest_f1([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])
    assert choice.threshold == pytest.approx(0.5)
    assert largest_f1([1, 1], [0.4, 0.6]).threshold == 0.4  # below the lowest there is none
    close = np.nextafter(0.5, 1)
    assert largest_f1([0, 1], [0.5, close]).threshold == close


def test_where_letting_through_never_pays_nothing_is():
    score = np.array([0.2, 1.0])
    choice = smallest_cost([0, 1], score, [[0, 100], [1, 0]])
    assert choice.reached == 0.0
    none = smallest_cost([1, 0], score, [[0, 100], [1, 0]])
    assert not (score >= none.threshold).any()
    assert none.reached == 0.5


def test_probabilities_that_hold_what_they_say_are_cut_where_theory_says():
    draw = np.random.default_rng(0)
    score = draw.random(200_000)
    target = (draw.random(200_000) < score).astype(int)
    choice = smallest_cost(target, score, [[0, 1], [4, 0]])
    assert choice.threshold == pytest.approx(1 / (1 + 4), abs=0.02)


def test_without_positives_there_is_a_reason():
    assert largest_f1([0, 0], [0.1, 0.2]).undefined == "there are no positives"
    assert recall_at_precision([0, 0], [0.1, 0.2], 0.9).undefined == "there are no positives"
    assert smallest_cost([0, 0], [0.1, 0.2], [[0, 1], [1, 0]]).reached == 0.0


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: largest_f1([], []), "one or more are legal"),
        (lambda: largest_f1([0, 2], [0.1, 0.2]), "0 to 1 are legal"),
        (lambda: largest_f1([0, 1], [0.1, float("nan")]), "not-a-number"),
        (lambda: largest_f1([0, 1], [0.1]), "unequal"),
        (lambda: largest_f1([[0], [1]], [0.1, 0.2]), r"shape \(n,\)"),
        (lambda: recall_at_precision([0, 1], [0.1, 0.2], 0.0), "above 0 and up to 1"),
        (lambda: smallest_cost([0, 1], [0.1, 0.2], [[0, 1]]), "two rows of two"),
        (lambda: smallest_cost([0, 1], [0.1, 0.2], [[0, 1], [float("nan"), 0]]), "two rows of two"),
    ],
)
def test_what_cannot_be_cut_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()
