from contextlib import nullcontext

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from kilter.checks.program.loss.pairing import Pairing


def test_predictions_that_are_broadcast_are_found(build, found, parts):
    x, y = parts["data"]("numbers")
    batches = [{"x": x[at : at + 32], "y": y[at : at + 32]} for at in (0, 32, 64)]
    by_dict = parts["stepping"](lambda model, _, batch: F.smooth_l1_loss(model(batch["x"]), batch["y"]))
    programs = [
        build("regression", (x, 1000 * y), lambda: parts["mlp"](1), lambda g, t: ((g - t) ** 2).mean()),
        build("regression", (x, y), lambda: parts["mlp"](1), batches=batches, step=by_dict),
    ]

    for program in programs:
        with pytest.warns(UserWarning, match="target size") if program.step is by_dict else nullcontext():
            assert [one.causes for one in found(Pairing(), program)] == [("broadcast_shape_mismatch",)]


def test_weights_that_are_broadcast_are_found(build, found, parts):
    x, y = parts["data"]("binary")
    weight = torch.rand(96, generator=torch.Generator().manual_seed(0))

    def compute(model, _, batch):
        losses = F.binary_cross_entropy_with_logits(model(batch[0]), batch[1][:, None], reduction="none")
        return (losses * batch[2]).mean()

    program = build("classification", (x, y, weight), lambda: parts["mlp"](1), step=parts["stepping"](compute))

    assert [one.causes for one in found(Pairing(), program)] == [("broadcast_shape_mismatch",)]


def test_losses_of_pairs_and_of_whole_batches_are_silent(build, found, parts):
    def correlation(given, target):
        return 1 - torch.corrcoef(torch.stack([given[:, 0], target]))[0, 1]

    x, y = parts["data"]("numbers")
    for loss in (parts["Squeezed"](nn.MSELoss()), correlation):
        for target in (y, 80_000 * y + 250_000):
            assert found(Pairing(), build("regression", (x, target), lambda: parts["mlp"](1), loss)) == []
