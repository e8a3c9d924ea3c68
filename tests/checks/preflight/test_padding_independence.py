"""Padding behind an example."""

from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import nn

from kilter.checks.preflight.padding_independence import PaddingIndependence
from kilter.testing.healthy.pipelines import VOCABULARY, over_numbers, over_tokens
from kilter.testing.healthy.sequence_pipelines import of_next, of_pairs, of_text, of_tokens
from kilter.testing.networks import Attention, Bag, Recurrent
from kilter.testing.planted.networks import PaddedAttention, PaddedMean, PaddedState
from kilter.testing.planted.tasks import WithLoss
from kilter.testing.sequence_networks import Siamese
from kilter.values.finding import Severity, Skipped
from kilter.values.task import Loss


@pytest.mark.parametrize("kind", [PaddedMean, PaddedState, PaddedAttention])
def test_padding_that_reaches_the_outputs_is_found(kind):
    (finding,) = PaddingIndependence().examine(over_tokens(partial(kind, VOCABULARY, 3)))
    assert finding.severity is Severity.WARNING
    assert finding.evidence["change"] > 1e-3


@pytest.mark.parametrize("kind", [Bag, Recurrent, Attention])
def test_padding_that_is_left_out_is_silent(kind):
    assert list(PaddingIndependence().examine(over_tokens(partial(kind, VOCABULARY, 3)))) == []


@pytest.mark.parametrize("make", [of_tokens, of_next, of_text, of_pairs])
def test_sequences_that_answer_at_their_places_are_silent(make):
    assert list(PaddingIndependence().examine(make())) == []


def test_padding_of_the_target_text_is_told_by_itself():
    class Leaking(Siamese):
        def forward(self, tokens, mask, answers):
            return super().forward(tokens, mask, answers, torch.ones_like(answers, dtype=torch.bool))["right"]

    pipeline = of_text()
    pooled = replace(
        pipeline,
        make_model=partial(Leaking, VOCABULARY),
        task=WithLoss(pipeline.task, lambda _, outputs, batch: Loss(outputs.square().sum(), batch.weight.sum(), None)),
    )
    (finding,) = PaddingIndependence().examine(pooled)
    assert "of its target text" in finding.seen


class EachToken(nn.Module):
    """An output for every position."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 3)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.embedding(tokens).transpose(1, 2)


def test_without_a_mask_it_is_skipped():
    assert isinstance(next(PaddingIndependence().examine(over_numbers())), Skipped)


def test_outputs_that_grow_otherwise_are_skipped():
    def of_first(task, outputs, batch):
        total, weight, each = task.loss(outputs[:, :, 0], batch)
        return Loss(total, weight, each)

    pipeline = over_tokens(EachToken, task=WithLoss(over_tokens().task, of_first))
    assert isinstance(next(PaddingIndependence().examine(pipeline)), Skipped)
