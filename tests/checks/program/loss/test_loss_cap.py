import pytest
import torch
from torch import nn
from torch.nn import functional as F

from kilter.checks.program.loss.loss_cap import LossCap


def losses(given, target):
    return F.cross_entropy(given, target, reduction="none")


@pytest.mark.parametrize(
    "loss",
    [
        lambda given, target: F.cross_entropy(given, target).clamp(max=1.0),
        lambda given, target: losses(given, target).clamp(max=1.4).mean(),
    ],
)
def test_a_loss_that_is_cut_is_found(build, found, parts, loss):
    program = build("classification", parts["data"]("classes"), parts["mlp"], loss)

    assert [one.causes[0] for one in found(LossCap(), program)] == ["loss_clipped"]


def test_a_loss_that_a_step_cuts_is_found(build, found, parts):
    step = parts["stepping"](lambda m, loss, b: torch.clamp(loss(m(b[0]), b[1]), max=0.5))
    program = build("classification", parts["data"]("classes"), parts["mlp"], nn.CrossEntropyLoss(), step=step)

    assert [one.causes[0] for one in found(LossCap(), program)] == ["loss_clipped"]


@pytest.mark.parametrize(
    "loss",
    [
        nn.MultiMarginLoss(margin=0.1),
        lambda given, target: (F.cross_entropy(given, target) - 0.2).abs() + 0.2,
        lambda given, target: losses(given, target).topk(8).values.mean(),  # hard examples that are picked
        lambda given, target: losses(given, target).topk(16, largest=False).values.mean(),  # or left out at first
    ],
)
def test_examples_that_are_left_out_on_purpose_are_silent(build, found, parts, loss):
    program = build("classification", parts["data"]("classes"), parts["mlp"], loss)

    assert found(LossCap(), program) == []
