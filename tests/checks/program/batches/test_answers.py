"""Targets as classes or amounts."""

import torch
from torch import nn
from torch.nn.functional import one_hot

from kilter.checks.program.batches.answers import answers


def _bench(make, x, y, outputs, **about):
    return make((x, y, x[:10], y[:10]), lambda: nn.Linear(x.shape[1], outputs), shuffle=False, validate=None, **about)


def test_classes_are_counted_from_nought(make):
    y = torch.tensor([3, 5, 9, -100] * 10)
    found = answers(_bench(make, torch.randn(40, 4), y, 10))
    assert found.classes == 3
    assert found.values == (3.0, 5.0, 9.0)
    assert found.train.tolist() == [0, 1, 2, -1] * 10


def test_shares_are_the_class_that_has_nearly_all(make):
    y = torch.arange(40) % 4
    hard = one_hot(y, 4).float()
    found = answers(_bench(make, torch.randn(40, 6), 0.96 * hard + 0.01, 4))
    assert found.train.tolist() == y.tolist()
    soft = answers(_bench(make, torch.randn(40, 6), 0.6 * hard + 0.1, 4))
    assert set(soft.train.tolist()) == {-1}


def test_amounts_and_several_labels_stay_numbers(make):
    about = {"loss_fn": nn.MSELoss(), "task": "regression"}
    found = answers(_bench(make, torch.randn(40, 4), torch.randn(40, 2), 2, **about))
    assert (found.classes, found.train.shape) == (0, (40, 2))
    labels = (torch.rand(40, 3) > 0.5).float()
    many = answers(_bench(make, torch.randn(40, 4), labels, 3, loss_fn=nn.BCEWithLogitsLoss(), task="multilabel"))
    assert (many.classes, many.train.shape) == (0, (40, 3))


def test_an_input_that_is_learnt_again_is_no_answer(make):
    x = torch.randn(40, 8)
    about = {"loss_fn": nn.MSELoss(), "task": "regression"}
    assert answers(_bench(make, x, x.clone(), 8, **about)) is None
    assert answers(_bench(make, x, x + 0.1, 8, **about)) is None
    assert answers(_bench(make, x, torch.arange(40) % 2, 2, task="contrastive")) is None
