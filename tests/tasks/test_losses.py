import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_pinball_loss
from torch.nn import functional

from kilter.tasks.losses import (
    absolute,
    binary_cross_entropy,
    contrastive,
    cross_entropy,
    distillation,
    focal,
    huber,
    in_batch,
    mean_over,
    over_places,
    over_tokens,
    quantile,
    softened,
    squared,
    squared_distances,
    triplet,
    two_logits,
)


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def shares_of(target, classes):
    return functional.one_hot(target, classes).double()


def naive_softmax(row):
    return [math.exp(x) / sum(map(math.exp, row)) for x in row]


LOGITS = drawn(7, 4)
TRUTH = torch.tensor([0, 3, 2, 1, 0, 2, 3])
SHARES = torch.softmax(drawn(7, 4, seed=1), dim=1)


def test_cross_entropy_against_indices_and_against_shares_are_one():
    hard = cross_entropy(LOGITS, TRUTH)

    assert hard.tolist() == pytest.approx(
        [-math.log(naive_softmax(row)[true]) for row, true in zip(LOGITS, TRUTH, strict=True)]
    )
    assert cross_entropy(LOGITS, shares_of(TRUTH, 4)).tolist() == pytest.approx(hard.tolist())


def test_cross_entropy_of_shares_is_the_sum_over_classes():
    naive = [
        -sum(share * math.log(p) for share, p in zip(shares, naive_softmax(row), strict=True))
        for row, shares in zip(LOGITS.tolist(), SHARES.tolist(), strict=True)
    ]

    assert cross_entropy(LOGITS, SHARES).tolist() == pytest.approx(naive)


def test_smoothing_spreads_a_part_of_the_shares_over_all_classes():
    by_hand = cross_entropy(LOGITS, 0.9 * shares_of(TRUTH, 4) + 0.1 / 4)

    assert cross_entropy(LOGITS, TRUTH, smoothing=0.1).tolist() == pytest.approx(by_hand.tolist())
    of_shares = cross_entropy(LOGITS, 0.9 * SHARES + 0.1 / 4)
    assert cross_entropy(LOGITS, SHARES, smoothing=0.1).tolist() == pytest.approx(of_shares.tolist())


@given(st.lists(st.tuples(st.floats(-50, 50), st.integers(0, 1)), min_size=1, max_size=8))
def test_one_logit_says_what_two_say_in_loss_and_gradient(cells):
    one = torch.tensor([z for z, _ in cells], dtype=torch.float64, requires_grad=True)
    target = torch.tensor([y for _, y in cells])
    binary = binary_cross_entropy(one, target)
    (slope,) = torch.autograd.grad(binary.sum(), one)
    other = one.detach().clone().requires_grad_()
    softmax = cross_entropy(two_logits(other), target)
    (other_slope,) = torch.autograd.grad(softmax.sum(), other)

    assert binary.tolist() == pytest.approx(softmax.tolist(), rel=1e-9, abs=1e-12)
    assert slope.tolist() == pytest.approx(other_slope.tolist(), rel=1e-9, abs=1e-12)


def test_binary_cross_entropy_takes_shares_of_any_shape():
    logits, shares = drawn(3, 5), torch.rand(3, 5, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    naive = [
        [
            -y * math.log(1 / (1 + math.exp(-z))) - (1 - y) * math.log(1 / (1 + math.exp(z)))
            for z, y in zip(zs, ys, strict=True)
        ]
        for zs, ys in zip(logits.tolist(), shares.tolist(), strict=True)
    ]

    assert binary_cross_entropy(logits, shares).tolist() == [pytest.approx(row) for row in naive]


def test_focal_weighs_each_example_by_what_its_true_class_lacks():
    naive = [
        -((1 - p) ** 2.5) * math.log(p)
        for row, true in zip(LOGITS.tolist(), TRUTH.tolist(), strict=True)
        for p in [naive_softmax(row)[true]]
    ]

    assert focal(LOGITS, TRUTH, focus=2.5).tolist() == pytest.approx(naive)
    assert focal(LOGITS, TRUTH, focus=0.0).tolist() == pytest.approx(cross_entropy(LOGITS, TRUTH).tolist())


def test_focal_has_a_finite_slope_where_the_answer_is_certain():
    logits = torch.tensor([[200.0, -200.0], [-200.0, 200.0]], requires_grad=True)
    (slope,) = torch.autograd.grad(focal(logits, torch.tensor([0, 0]), focus=0.5).sum(), logits)

    assert torch.isfinite(slope).all()


def test_distillation_is_the_divergence_of_softened_shares_times_the_squared_temperature():
    by_torch = 9 * functional.kl_div(
        functional.log_softmax(LOGITS / 3, dim=1), softened(SHARES, 3.0), reduction="none"
    ).sum(dim=1)

    assert distillation(LOGITS, SHARES, temperature=3.0).tolist() == pytest.approx(by_torch.tolist())


def test_a_model_that_says_what_the_teacher_says_loses_nothing_at_any_temperature():
    for temperature in (0.5, 1.0, 4.0):
        assert distillation(SHARES.log(), SHARES, temperature=temperature).abs().max() < 1e-12
    teacher = torch.softmax(LOGITS, dim=1)
    assert torch.allclose(softened(teacher, 2.0), torch.softmax(LOGITS / 2, dim=1))


def test_a_teacher_may_give_a_class_no_share_at_all():
    shares = torch.tensor([[1.0, 0.0]], dtype=torch.float64)

    assert distillation(torch.zeros(1, 2, dtype=torch.float64), shares, temperature=2.0).item() == pytest.approx(
        4 * math.log(2)
    )


def test_losses_of_errors_are_those_of_torch():
    error = drawn(20)
    zero = torch.zeros(20, dtype=torch.float64)

    assert torch.equal(squared(error), functional.mse_loss(error, zero, reduction="none"))
    assert torch.equal(absolute(error), functional.l1_loss(error, zero, reduction="none"))
    assert torch.allclose(huber(error, delta=0.7), functional.huber_loss(error, zero, reduction="none", delta=0.7))


def test_the_quantile_loss_is_scikit_learns_averaged_over_levels():
    error, levels = drawn(20, 3), (0.05, 0.5, 0.8)
    each = [mean_pinball_loss(error[:, at].numpy(), np.zeros(20), alpha=level) for at, level in enumerate(levels)]

    assert quantile(error, levels).shape == (20,)
    assert quantile(error, levels).mean().item() == pytest.approx(np.mean(each))


def test_distances_are_those_of_torch_squared():
    left, right = drawn(4, 3), drawn(5, 3, seed=1)

    assert torch.allclose(squared_distances(left, right), torch.cdist(left, right) ** 2)


def test_in_batch_is_a_cross_entropy_over_the_batch_without_what_is_alike():
    similarity = drawn(4, 4)
    alike = torch.eye(4, dtype=torch.bool)
    alone = in_batch(similarity, alike, temperature=0.5)
    by_torch = functional.cross_entropy(similarity / 0.5, torch.arange(4), reduction="none")
    assert torch.allclose(alone, by_torch)

    alike[0, 2] = alike[2, 0] = True
    rest = [similarity[0, column].item() / 0.5 for column in (0, 1, 3)]
    naive = math.log(sum(map(math.exp, rest))) - rest[0]
    assert in_batch(similarity, alike, temperature=0.5)[0].item() == pytest.approx(naive)


def test_contrastive_pulls_what_is_alike_and_pushes_others_up_to_the_margin():
    distance = torch.tensor([[4.0, 0.25], [9.0, 1.0]], dtype=torch.float64)  # squared
    alike = torch.tensor([[True, False], [False, True]])

    assert contrastive(distance, alike, margin=1.0).tolist() == [[2.0, pytest.approx(0.125)], [0.0, 0.5]]


def test_contrastive_has_a_finite_slope_where_two_places_meet():
    place = torch.zeros(1, 3, requires_grad=True)
    distance = squared_distances(place, torch.zeros(1, 3))
    (slope,) = torch.autograd.grad(contrastive(distance, torch.tensor([[False]]), margin=1.0).sum(), place)

    assert torch.isfinite(slope).all()


def test_triplet_is_that_of_the_paper_and_that_of_torch_on_squared_distances():
    anchor, positive, negative = (drawn(6, 3, seed=seed) for seed in range(3))
    near, far = (anchor - positive).square().sum(1), (anchor - negative).square().sum(1)
    by_torch = functional.triplet_margin_with_distance_loss(
        anchor,
        positive,
        negative,
        distance_function=lambda a, b: (a - b).square().sum(1),
        margin=0.2,
        reduction="none",
    )

    assert torch.allclose(triplet(near, far, margin=0.2), by_torch)


def test_a_mean_over_nothing_is_0():
    values = torch.tensor([[1.0, 3.0], [5.0, 7.0]])

    assert mean_over(values, torch.tensor([[True, True], [False, False]])).tolist() == [2.0, 0.0]


def test_known_places_count_a_part_of_their_examples_weight():
    losses, known = torch.tensor([[1.0, 3.0], [5.0, 0.0]]), torch.tensor([[True, True], [True, False]])
    loss = over_places(losses, known, torch.tensor([1.0, 2.0]))

    assert loss.each.tolist() == [2.0, 2.5]
    assert loss.total.item() / loss.weight.item() == pytest.approx((1 * 1 + 1 * 3 + 2 * 5) / (1 + 1 + 2))


def test_judged_tokens_count_their_examples_weight():
    judged = torch.tensor([[True, True, True], [True, False, False]])
    loss = over_tokens(torch.tensor([6.0, 4.0]), judged, torch.tensor([1.0, 0.5]))

    assert loss.each.tolist() == [6.0, 4.0]
    assert loss.total.item() / loss.weight.item() == pytest.approx((6 + 0.5 * 4) / (3 + 0.5))
