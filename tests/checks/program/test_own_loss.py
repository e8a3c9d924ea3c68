"""The task's own loss, whatever the author minimises."""

import pytest
import torch

from kilter.checks.program.own_loss import own_loss
from kilter.checks.program.roles import Roles
from kilter.values.program import Kind, Program

ROLES = Roles(inputs=((0,),), targets=((1,),))
AUTHORS = torch.tensor(7.0)


def _loss(task, outputs, targets):
    program = Program(make=lambda _seed: None, task=Kind(task))
    return own_loss(program, ROLES)(outputs.requires_grad_(), AUTHORS, (None, targets))


def test_classes_are_judged_as_logits_or_as_shares():
    logits, classes = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
    expected = torch.nn.functional.cross_entropy(logits, classes)
    assert float(_loss("classification", logits.clone(), classes)) == pytest.approx(float(expected))
    assert float(_loss("classification", logits.softmax(-1), classes)) == pytest.approx(float(expected), rel=1e-4)


def test_one_output_is_a_binary_decision():
    logits, classes = torch.randn(6, 1), torch.tensor([0, 1, 1, 0, 1, 0])
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits[:, 0], classes.float())
    assert float(_loss("classification", logits.clone(), classes)) == pytest.approx(float(expected))
    assert float(_loss("classification", logits.clone(), 2 * classes - 1)) == pytest.approx(float(expected))
    assert float(_loss("classification", logits.sigmoid(), classes)) == pytest.approx(float(expected), rel=1e-4)


def test_amounts_meet_without_broadcasting():
    outputs, targets = torch.randn(6, 1), torch.randn(6)
    expected = ((outputs[:, 0] - targets) ** 2).mean()
    assert float(_loss("regression", outputs.clone(), targets)) == pytest.approx(float(expected))


def test_places_without_a_tag_do_not_count():
    outputs, tags = torch.randn(2, 4, 3), torch.tensor([[0, 1, -100, -100], [2, 1, 0, -100]])
    expected = torch.nn.functional.cross_entropy(outputs.flatten(0, 1), tags.flatten())
    assert float(_loss("tagging", outputs.clone(), tags)) == pytest.approx(float(expected))


def test_what_does_not_meet_keeps_the_authors_loss():
    assert _loss("classification", torch.randn(6, 3), torch.zeros(5, dtype=torch.long)) is AUTHORS
    assert _loss("other", torch.randn(6, 3), torch.zeros(6)) is AUTHORS
