"""What nobody can know of a batch."""

import math
from dataclasses import replace

import pytest
import torch

from kilter.checks.preflight.bench import Bench
from kilter.checks.preflight.foreknowledge import unknowable
from kilter.testing.healthy.sequence_pipelines import of_next, of_text
from kilter.values.batch import Batch
from kilter.values.task import IGNORED

TASK = of_next().task


def batch_of(tokens, targets):
    given = torch.tensor(tokens)
    return Batch(
        inputs={"tokens": given, "mask": given > 0},
        target=torch.tensor(targets),
        weight=torch.ones(len(tokens)),
        ids=tuple(map(str, range(len(tokens)))),
    )


def test_the_first_tokens_of_different_texts_are_a_guess():
    left = unknowable(TASK, batch_of([[2, 5, 6], [2, 7, 8]], [[5, 6, 3], [7, 8, 3]]))
    assert left.loss == pytest.approx(2 * math.log(2) / 6)
    assert left.wrong == 1


def test_what_follows_with_other_shares_costs_their_entropy():
    left = unknowable(TASK, batch_of([[2], [2], [2], [2]], [[5], [5], [5], [6]]))
    assert left.loss == pytest.approx(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))
    assert left.wrong == 1


def test_places_that_are_not_judged_lead_up_and_do_not_count():
    context = batch_of([[5, 9], [6, 9]], [[IGNORED, 7], [IGNORED, 8]])
    assert unknowable(TASK, context) == (0.0, 0)
    nothing = replace(context, target=torch.full((2, 2), IGNORED))
    assert unknowable(TASK, nothing) == (0.0, 0)


def test_texts_that_answer_different_inputs_can_be_known():
    bench = Bench(of_text())
    assert unknowable(bench.pipeline.task, bench.sample(8)) == (0.0, 0)
