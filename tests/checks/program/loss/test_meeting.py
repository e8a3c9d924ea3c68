import pytest
import torch
from torch.nn import functional as F

from kilter.checks.program.loss.meeting import Form, meeting, shift_invariant
from kilter.checks.program.loss.surface import Surface
from kilter.values.program import Kind, Program

IDS = torch.tensor([[0, 2, 1], [1, -100, 3]])


def met(kind, given, target, loss=F.cross_entropy):
    asked = Surface(given=given, target=target, outputs=given, asked=loss)
    return asked, meeting(Program(make=None, task=Kind(kind)), asked)


@pytest.mark.parametrize("axis", [1, 2])
def test_classes_are_counted_where_the_target_is_not(axis):
    given = torch.randn(2, 3, 4).movedim(-1, axis)
    _, how = met("tagging", given, IDS)

    assert how.form is Form.CLASSES
    assert how.rows(given).shape == (6, 4)
    assert torch.equal(how.back(how.rows(given)), given)
    assert how.classes.tolist() == [0, 2, 1, 1, -1, 3]
    assert how.wanted.sum(1).tolist() == [1, 1, 1, 1, 0, 1]


def test_numbers_meet_one_by_one():
    _, how = met("regression", torch.randn(5, 1), torch.randn(5))

    assert how.form is Form.EACH
    assert how.wanted.shape == (5, 1)


def test_shares_and_labels_are_told_apart_by_the_kind():
    shares = torch.full((5, 4), 0.25)

    assert met("classification", torch.randn(5, 4), shares)[1].form is Form.SHARES
    assert met("multilabel", torch.randn(5, 4), shares)[1].form is Form.EACH


def test_shapes_that_do_not_meet_are_none():
    assert met("regression", torch.randn(5, 3), torch.randn(5))[1] is None


def test_a_softmax_inside_is_known_by_a_constant():
    asked, how = met("classification", torch.randn(5, 4), torch.tensor([0, 1, 2, 3, 0]))
    assert shift_invariant(asked, how.rows(asked.given), how.back)

    asked, how = met("classification", torch.randn(5, 4), torch.tensor([0, 1, 2, 3, 0]), F.multi_margin_loss)
    assert shift_invariant(asked, how.rows(asked.given), how.back)  # margins are differences, too

    asked, how = met("classification", torch.randn(5, 4), torch.tensor([0, 1, 2, 3, 0]), F.nll_loss)
    assert not shift_invariant(asked, how.rows(asked.given), how.back)
