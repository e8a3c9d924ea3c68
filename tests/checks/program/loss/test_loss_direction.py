import pytest
import torch
from torch import nn
from torch.nn import functional as F

from kilter.checks.program.loss.loss_direction import LossDirection


def negated(model, optimizer, loss_fn, batch):
    optimizer.zero_grad()
    loss = loss_fn(model(batch[0]), batch[1])
    (-loss).backward()
    optimizer.step()
    return loss


def climbing(model):
    return torch.optim.SGD(model.parameters(), lr=0.01, maximize=True)


@pytest.fixture
def programs(build, parts):
    classes, labels, numbers = (parts["data"](kind) for kind in ("classes", "labels", "numbers"))
    minus = parts["stepping"](lambda model, _, batch: -F.cross_entropy(model(batch[0]), batch[1]))
    return {
        "loss": build("multilabel", labels, parts["mlp"], lambda g, t: -F.binary_cross_entropy_with_logits(g, t)),
        "step": build("classification", classes, parts["mlp"], step=minus),
        "backward": build("classification", classes, parts["mlp"], nn.CrossEntropyLoss(), step=negated),
        "optimizer": build(
            "regression", numbers, lambda: parts["mlp"](1), parts["Squeezed"](nn.MSELoss()), optimizer=climbing
        ),
    }


@pytest.mark.parametrize("where", ["loss", "step", "backward", "optimizer"])
def test_a_sign_that_is_turned_is_found(programs, found, where):
    assert [one.causes for one in found(LossDirection(), programs[where])] == [("loss_sign_flipped",)]


def test_two_turns_undo_each_other(build, found, parts):
    program = build(
        "classification",
        parts["data"]("classes"),
        parts["mlp"],
        nn.CrossEntropyLoss(),
        step=negated,
        optimizer=climbing,
    )

    assert found(LossDirection(), program) == []


def test_losses_below_zero_and_texts_are_silent(build, found, parts):
    spread = torch.tensor(0.001)
    likelihood = lambda g, t: F.gaussian_nll_loss(g[:, 0], t, spread.expand(len(t)))  # noqa: E731
    text = parts["stepping"](
        lambda m, _, b: F.cross_entropy(m(b[0][:, :-1]).flatten(0, 1), b[0][:, 1:].flatten(), ignore_index=0)
    )
    programs = [
        build("regression", parts["data"]("numbers"), lambda: parts["mlp"](1), likelihood),
        build("generation", parts["data"]("text"), lambda: parts["Tagger"](20), step=text, targets=0),
        build("tagging", parts["data"]("tags"), parts["Tagger"], parts["TokenLoss"]()),
    ]

    for program in programs:
        assert found(LossDirection(), program) == []
