"""The two that meet in a loss, and how good they are."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score, r2_score
from torch import nn

from kilter.checks.program.bench import Bench
from kilter.checks.program.predicted import main_output, quality
from kilter.values.program import Kind, Program
from kilter.values.task import IGNORED

DRAW = torch.Generator().manual_seed(3)
LOGITS = torch.randn(40, 4, generator=DRAW)
CLASSES = torch.randint(0, 4, (40,), generator=DRAW)


def program(task, **more):
    return Program(make=lambda _: None, task=task, **more)


def test_accuracy_has_its_twin():
    expected = accuracy_score(CLASSES, LOGITS.argmax(1))
    told = program(Kind.CLASSIFICATION)
    assert quality(told, LOGITS, CLASSES) == pytest.approx(expected)
    assert quality(told, LOGITS, nn.functional.one_hot(CLASSES).float()) == pytest.approx(expected)
    assert quality(told, LOGITS.softmax(1), CLASSES) == pytest.approx(expected)


def test_f1_has_its_twin():
    targets = (torch.rand(40, 4, generator=DRAW) > 0.5).float()
    expected = f1_score(targets, LOGITS > 0, average="micro")
    assert quality(program(Kind.MULTILABEL), LOGITS, targets) == pytest.approx(expected)
    assert quality(program(Kind.MULTILABEL), LOGITS.sigmoid(), targets) == pytest.approx(expected)


def test_explained_variance_has_its_twin():
    target = torch.randn(40, generator=DRAW)
    given = target + 0.5 * torch.randn(40, generator=DRAW)
    expected = r2_score(target, given)
    assert quality(program(Kind.REGRESSION), given.unsqueeze(1), target) == pytest.approx(expected, abs=1e-6)
    assert quality(program(Kind.REGRESSION), 100 - given, target) == -1.0
    assert quality(program(Kind.REGRESSION), given, torch.ones(40)) is None


def test_tags_that_are_ignored_and_padding_do_not_count():
    scores, tags = torch.randn(5, 8, 3, generator=DRAW), torch.randint(1, 3, (5, 8), generator=DRAW)
    right = (scores.argmax(-1) == tags)[:, :6].double().mean()
    ignored, padded = tags.clone(), tags.clone()
    ignored[:, 6:], padded[:, 6:] = IGNORED, 0
    assert quality(program(Kind.TAGGING), scores, ignored) == pytest.approx(float(right))
    assert quality(program(Kind.TAGGING, pad=0), scores, padded) == pytest.approx(float(right))
    assert quality(program(Kind.TAGGING), scores.transpose(1, 2), ignored) == pytest.approx(float(right))
    assert quality(program(Kind.TAGGING), scores.flatten(0, 1), ignored.flatten()) == pytest.approx(float(right))


@pytest.mark.parametrize("target", [torch.tensor([0, 1, 1]), torch.tensor([0.0, 1.0, 1.0]), torch.tensor([-1, 1, 1])])
def test_one_unit_decides_between_two(target):
    told = program(Kind.CLASSIFICATION)
    assert quality(told, torch.tensor([[-2.0], [3.0], [-1.0]]), target) == pytest.approx(2 / 3)


def test_what_is_not_a_number_is_worth_nothing_and_what_nothing_says_is_none():
    broken = torch.full((4, 2), float("nan"))
    assert quality(program(Kind.CLASSIFICATION), broken, torch.zeros(4)) == 0.0
    assert quality(program(Kind.REGRESSION), broken, torch.zeros(4, 2)) == -1.0
    assert quality(program(Kind.OTHER), LOGITS, CLASSES) is None
    assert quality(program(Kind.CLASSIFICATION), torch.zeros(4, 2), torch.zeros(9)) is None


def test_the_main_output_is_the_answer():
    tensor, other = torch.zeros(2, 3), torch.ones(2)
    assert main_output(tensor) is tensor
    assert main_output((torch.tensor(1.0), tensor)) is tensor
    assert main_output({"hidden": other, "logits": tensor}) is tensor
    assert main_output(SimpleNamespace(logits=tensor)) is tensor
    assert main_output("text") is None


def pair_of(step, *, batch, loss_fn=None, model=None):
    model = nn.Linear(3, 4) if model is None else model
    made = Program(make=lambda _: (model, torch.optim.SGD(model.parameters(), 0.1), loss_fn, [batch], None), step=step)
    bench = Bench(program=made)
    return bench.predicted(bench.made(), batch)


NUMBERS = torch.randn(40, 3, generator=DRAW)


def test_the_pair_is_what_the_loss_was_given_whichever_comes_first():
    def step(model, optimizer, loss_fn, batch):
        loss = loss_fn(batch[1], model(batch[0]))
        loss.backward()

    pair = pair_of(step, batch=(NUMBERS, CLASSES), loss_fn=lambda y, logits: nn.functional.cross_entropy(logits, y))
    assert torch.equal(pair.target, CLASSES)
    assert torch.equal(pair.given, pair.outputs.detach())
    assert pair.outputs.requires_grad


def test_what_was_done_to_the_outputs_is_seen():
    def step(model, optimizer, loss_fn, batch):
        loss_fn(model(batch[0]).softmax(1), batch[1]).backward()

    pair = pair_of(step, batch=(NUMBERS, CLASSES), loss_fn=nn.CrossEntropyLoss())
    assert torch.equal(pair.given, pair.outputs.detach().softmax(1))


def test_without_a_loss_to_hear_the_batchs_own_target_stands_in():
    def step(model, optimizer, loss_fn, batch):
        nn.functional.cross_entropy(model(batch[0]), batch[1]).backward()

    pair = pair_of(step, batch=(NUMBERS, CLASSES))
    assert torch.equal(pair.target, CLASSES)
    assert np.shape(pair.given) == (40, 4)


def test_a_pair_that_cannot_be_seen_is_none():
    def step(model, optimizer, loss_fn, batch):
        model.bias.sum().backward()

    assert pair_of(step, batch=(NUMBERS, CLASSES)) is None
