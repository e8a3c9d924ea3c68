from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.sampling import balanced, weighted

CLASSES = np.repeat([0, 1, 2], (90, 9, 1))[np.random.default_rng(0).permutation(100)]
seeds = st.integers(0, 2**32)
epochs = st.integers(0, 1000)
classes_lists = st.lists(st.integers(0, 5), max_size=120).map(lambda drawn: np.array(drawn, dtype=np.int64))
weights_lists = st.lists(st.sampled_from([0.0, 0.1, 1.0, 1 / 3, 7.5, 1e-9, 1e6]), min_size=1, max_size=120).map(
    lambda drawn: np.array(drawn, dtype=np.float32)
)


@given(classes_lists, seeds, epochs)
def test_an_epoch_has_as_many_rows_of_each_class_and_as_many_as_there_are(classes, seed, epoch):
    drawn = balanced(classes, seed=seed, epoch=epoch)

    assert len(drawn) == len(classes)
    counts = Counter(classes[drawn].tolist())
    if len(classes):
        assert max(counts.values()) - min(counts[c] for c in set(classes.tolist())) <= 1


@given(classes_lists, seeds, st.integers(1, 6))
def test_over_epochs_the_rows_of_a_class_are_drawn_equally_often(classes, seed, most):
    drawn = Counter(row for epoch in range(most) for row in balanced(classes, seed=seed, epoch=epoch).tolist())

    for number in set(classes.tolist()):
        of_class = [drawn[row] for row in np.flatnonzero(classes == number).tolist()]
        assert max(of_class) - min(of_class) <= 1


def test_rare_rows_come_often_and_frequent_ones_all_come_in_the_end():
    drawn = [Counter(balanced(CLASSES, seed=0, epoch=epoch).tolist()) for epoch in range(3)]

    alone = int(np.flatnonzero(CLASSES == 2)[0])
    assert [epoch[alone] for epoch in drawn] == [34, 33, 33]
    frequent = set(np.flatnonzero(CLASSES == 0).tolist())
    assert all(len(frequent & set(epoch)) in {33, 34} for epoch in drawn)
    assert frequent <= set.union(*map(set, drawn))


@given(weights_lists.filter(lambda weights: weights.any()), seeds, epochs)
def test_each_row_stands_as_often_as_its_weight_says(weights, seed, epoch):
    drawn = np.bincount(weighted(weights, seed=seed, epoch=epoch), minlength=len(weights))

    shares = len(weights) * weights.astype(np.float64) / weights.sum(dtype=np.float64)
    assert drawn.sum() == len(weights)
    assert (np.abs(drawn - shares) < 1 + 1e-6).all()
    assert not drawn[weights == 0].any()


def test_chance_decides_about_the_rest_and_is_fair():
    weights = np.array([1.0, 2.5, 0.5, 0.0])
    drawn = np.array([np.bincount(weighted(weights, seed=3, epoch=epoch), minlength=4) for epoch in range(4000)])

    assert drawn.mean(0) == pytest.approx([1, 2.5, 0.5, 0], abs=0.03)


def test_equal_weights_draw_every_row_once():
    assert sorted(weighted(np.ones(50), seed=1, epoch=2).tolist()) == list(range(50))


@pytest.mark.parametrize("draw", [lambda **key: balanced(CLASSES, **key), lambda **key: weighted(CLASSES + 0.5, **key)])
def test_what_is_drawn_is_a_function_of_seed_and_epoch(draw):
    made = [draw(seed=seed, epoch=epoch).tolist() for seed, epoch in ((0, 0), (0, 0), (0, 1), (1, 0))]

    assert made[0] == made[1]
    assert made[0] != made[2]
    assert made[0] != made[3]
