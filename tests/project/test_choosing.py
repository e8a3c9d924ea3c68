from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kilter.evaluation.evaluating import evaluate
from kilter.metrics.optimism import flattery_of_best
from kilter.project.choosing import chosen_from
from kilter.tasks.classification import Classification
from kilter.values.history import History
from kilter.values.recipe import Stop

LOSSES = (1.4, 0.62, 0.55, 0.52, 0.54, 0.53)
SHARES = (0.4, 0.75, 0.8, 0.78, 0.81, 0.79)
HISTORY = History.of(
    [
        (10 * at, {"valid.loss": loss, "valid.accuracy": share})
        for at, (loss, share) in enumerate(zip(LOSSES, SHARES, strict=True))
    ]
)
TASK = Classification(labels=("a", "b"))


@pytest.fixture
def judged():
    draw = np.random.default_rng(0)
    target = np.arange(120) % 2
    sure = np.clip(draw.normal(0.7, 0.25, 120), 0.02, 0.98)
    answer = np.where(target[:, None] == np.arange(2), sure[:, None], 1 - sure[:, None])
    predictions = TASK.tabulate(tuple(map(str, range(120))), target, answer)
    return evaluate(predictions, TASK, model="model", split="valid"), predictions


def test_the_best_loss_flatters_itself_by_what_it_stands_above_those_its_rows_do_not_tell_apart(judged):
    chosen = chosen_from(HISTORY, Stop(), *judged)

    error = judged[1].cost.std(ddof=1) / np.sqrt(120)
    found = flattery_of_best([-loss for loss in LOSSES], error)
    assert (chosen.metric, chosen.value, chosen.evaluations) == ("valid.loss", 0.52, 6)
    assert (chosen.close, chosen.optimism) == (found.close, found.optimism)
    assert 1 < chosen.close < 6
    assert 0 < chosen.optimism < 0.1


def test_a_score_that_chose_errs_as_its_interval_says(judged):
    evaluation, predictions = judged
    chosen = chosen_from(HISTORY, Stop(metric="valid.accuracy"), evaluation, predictions)

    score = evaluation["accuracy"]
    found = flattery_of_best(SHARES, (score.high - score.low) / (2 * 1.959964))
    assert chosen.value == 0.81
    assert (chosen.close, chosen.optimism) == (found.close, pytest.approx(found.optimism, rel=1e-5))


def test_where_nothing_was_chosen_or_nobody_knows_the_error_nothing_is_said(judged):
    evaluation, predictions = judged

    assert chosen_from(History.of([(0, {"train.loss": 1.0})]), Stop(), *judged) is None
    assert chosen_from(History.of([(0, {"valid.loss": 1.0})]), Stop(), *judged) is None
    assert chosen_from(HISTORY, Stop(metric="valid.other"), *judged) is None
    unknown = replace(predictions, cost=np.full(120, np.nan))
    assert chosen_from(HISTORY, Stop(), evaluation, unknown) is None


def test_evaluations_that_gave_no_number_were_none(judged):
    holed = History.of([(0, {"valid.loss": 0.9}), (5, {"valid.loss": float("nan")}), (9, {"valid.loss": 0.5})])

    assert chosen_from(holed, Stop(), *judged).evaluations == 2
