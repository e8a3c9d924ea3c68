"""Inputs that do not matter."""

import pytest
import torch
from torch import nn

from kilter.checks.program.model.ignored_input import IgnoredInput
from kilter.values.finding import Severity, Skipped


class Overwritten(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(12, 3)

    def forward(self, numbers):
        return self.out(torch.zeros_like(numbers))


class Both(nn.Module):
    """Two inputs, of which one may be lost."""

    def __init__(self, *, lost):
        super().__init__()
        self.left, self.right, self.out, self.lost = nn.Linear(12, 8), nn.Linear(12, 8), nn.Linear(16, 3), lost

    def forward(self, left, right):
        other = self.right(right) * (0 if self.lost else 1)
        return self.out(torch.cat([self.left(left), other], -1).tanh())


class Extra(nn.Module):
    """Takes numbers of examples, a mask of ones and a kind that is always the same, and needs none of them."""

    def __init__(self):
        super().__init__()
        self.embedding, self.out = nn.Embedding(20, 8), nn.Linear(8, 2)

    def forward(self, tokens, mask, kind, number):
        return self.out((self.embedding(tokens) * mask[..., None]).mean(1))


class Masked(nn.Module):
    """A mask upside down: nothing is let through."""

    def __init__(self):
        super().__init__()
        self.embedding, self.out = nn.Embedding(20, 8), nn.Linear(8, 2)

    def forward(self, tokens):
        return self.out((self.embedding(tokens) * (tokens < 0)[..., None]).sum(1))


def test_nothing_that_matters_is_a_failure(parts, program, findings):
    faulty = [
        program(Overwritten, (parts.data.numbers, parts.data.classes)),
        program(Masked, (parts.data.padded, parts.data.verdicts)),
    ]
    for one in faulty:
        (finding,) = findings(IgnoredInput(), one)
        assert finding.severity is Severity.FAILURE
        assert finding.causes[0] == "model_ignores_input"


@pytest.mark.parametrize("lost", [True, False])
def test_one_of_several_is_a_warning_that_names_it(lost, parts, program, findings):
    given = (parts.data.numbers, parts.data.numbers.flip(0), parts.data.classes)
    found = findings(IgnoredInput(), program(lambda: Both(lost=lost), given, step=parts.all_to_the_model))
    assert [(finding.severity, finding.where) for finding in found] == ([(Severity.WARNING, ("1",))] if lost else [])


def test_masks_kinds_and_numbers_of_examples_need_not_matter(parts, program, said):
    text = parts.data.text
    given = (text, torch.ones_like(text), torch.zeros_like(text), torch.arange(len(text)), parts.data.verdicts)
    assert said(IgnoredInput(), program(Extra, given, step=parts.all_to_the_model)) == []


def test_what_begins_at_zero_is_seen_to_move(parts, program, said):
    def model():
        network = parts.mlp(12, 16, 3)
        nn.init.zeros_(network[-1].weight)
        return network

    assert said(IgnoredInput(), program(model, (parts.data.numbers, parts.data.classes))) == []


def test_a_rate_that_kills_the_model_is_not_the_models_fault(parts, program, said):
    given = (parts.data.numbers, parts.data.classes)
    dying = program(
        lambda: parts.mlp(12, 16, 3), given, optimizer=lambda model: torch.optim.SGD(model.parameters(), lr=1e4)
    )
    assert said(IgnoredInput(), dying) == []


def test_inputs_that_are_all_the_same_are_skipped(parts, program, said):
    same = (torch.ones(64, 12), parts.data.classes[:64])
    (skipped,) = said(IgnoredInput(), program(lambda: parts.mlp(12, 8, 3), same))
    assert isinstance(skipped, Skipped)
