"""Folds, and answers out of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.search.out_of_fold import assign_folds, out_of_fold, together
from kilter.values.errors import TrainingError, UsageError


@given(st.lists(st.tuples(st.integers(-1, 6), st.integers(-1, 6)), min_size=1, max_size=30))
def test_rows_are_together_where_a_chain_of_shared_codes_leads_from_one_to_the_other(pairs):
    component = list(range(len(pairs)))
    for _ in pairs:  # the naive way: take on the number of any row that shares a code, until nothing changes
        for a, left in enumerate(pairs):
            for b, right in enumerate(pairs):
                if any(x == y >= 0 for x, y in zip(left, right, strict=True)):
                    component[a] = component[b] = min(component[a], component[b])
    found = together([a for a, _ in pairs], [b for _, b in pairs])

    for a in range(len(pairs)):
        for b in range(len(pairs)):
            assert (found[a] == found[b]) == (component[a] == component[b])


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 2)), min_size=10, max_size=60), st.integers(0, 3))
def test_ties_are_never_parted_and_no_fold_is_empty(rows, seed):
    ties, strata = [tie for tie, _ in rows], [stratum for _, stratum in rows]
    if len(set(ties)) < 3:
        return
    folds = assign_folds(ties, strata, folds=3, seed=seed)

    assert all(len({int(folds[at]) for at, each in enumerate(ties) if each == tie}) == 1 for tie in set(ties))
    assert set(folds.tolist()) == {0, 1, 2}


def test_each_fold_has_its_share_of_each_stratum():
    strata = np.repeat([0, 1, 2], [50, 30, 7])
    folds = assign_folds(np.arange(87), strata, folds=5, seed=4)

    for stratum in range(3):
        counts = np.bincount(folds[strata == stratum], minlength=5)
        assert counts.max() - counts.min() <= 1
    sizes = np.bincount(folds)
    assert sizes.max() - sizes.min() <= 3


def test_folds_are_a_function_of_the_seed():
    ties, strata = np.arange(40), np.arange(40) % 2

    assert assign_folds(ties, strata, folds=4, seed=1).tolist() == assign_folds(ties, strata, folds=4, seed=1).tolist()
    assert assign_folds(ties, strata, folds=4, seed=1).tolist() != assign_folds(ties, strata, folds=4, seed=2).tolist()


@pytest.mark.parametrize(
    ("ties", "folds", "said"), [([0, 1, 2], 4, "3 rows"), ([0, 0, 1], 3, "2 groups"), ([0, 1], 1, "1 folds")]
)
def test_too_many_folds_are_refused(ties, folds, said):
    with pytest.raises(UsageError, match=said):
        assign_folds(ties, [0] * len(ties), folds=folds)


def test_no_row_is_answered_by_a_model_that_has_seen_it():
    folds = np.array([0, 1, 2, 0, 1, 2, 2])
    seen = []

    def answer(kept, asked):
        assert not set(kept) & set(asked)
        assert len(kept) + len(asked) == 7
        seen.append(asked.tolist())
        return np.stack([asked, -asked], axis=1).astype(float)

    found = out_of_fold(folds, {"one": answer}, lambda *_: 0.0)

    assert seen == [[0, 3], [1, 4], [2, 5, 6]]
    assert found.answers[:, 0].tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert found.name == "one"


def test_the_best_on_the_first_fold_answers_the_others():
    asked_of = {"good": 0, "bad": 0}

    def make(name, value):
        def answer(kept, asked):
            asked_of[name] += 1
            return np.full((len(asked), 2), value)

        return answer

    told = []
    found = out_of_fold(
        np.array([0, 0, 1, 2]),
        {"bad": make("bad", 0.1), "good": make("good", 0.9)},
        lambda _rows, shares: 1 - float(shares.mean()),
        told=told.append,
    )

    assert found.name == "good"
    assert asked_of == {"good": 3, "bad": 1}
    assert told == ["fold 1 of 3, bad", "fold 1 of 3, good", "fold 2 of 3, good", "fold 3 of 3, good"]


@pytest.mark.parametrize("given_answers", [np.zeros((1, 2)), np.zeros(2), np.full((2, 2), np.nan)])
def test_wrong_answers_are_refused(given_answers):
    with pytest.raises(TrainingError, match="odd answered 2 rows"):
        out_of_fold(np.array([0, 0, 1]), {"odd": lambda *_: given_answers}, lambda *_: 0.0)
