"""A training loss that jumps."""

import numpy as np
import pytest

from kilter.checks.curves.explosion import Explosion
from kilter.testing.healthy.histories import falling, recorded, series
from kilter.values.finding import Severity, Skipped
from kilter.values.history import History


def findings(history):
    return [said for said in Explosion().examine(history) if not isinstance(said, Skipped)]


def jumping(at, height, rows, noise=0.03):
    """A falling loss that jumps for so many rows."""
    losses = recorded(falling(), noise=noise)["train.loss"].values.copy()
    losses[at : at + rows] += height
    return losses


def test_a_jump_that_came_back_is_a_warning_with_its_step():
    (finding,) = findings(series(jumping(200, 60.0, 10)))
    assert finding.severity is Severity.WARNING
    assert finding.where == ("step 200",)
    assert "was back by step" in finding.seen
    assert finding.causes[0] == "data_anomaly"


def test_one_that_never_came_back_is_a_failure():
    (finding,) = findings(series(jumping(300, 60.0, 100)))
    assert finding.severity is Severity.FAILURE


@pytest.mark.parametrize(("height", "rows"), [(60.0, 1), (5.0, 20)])
def test_single_and_small_jumps_are_silent(height, rows):
    assert findings(series(jumping(200, height, rows))) == []


def test_a_slow_climb_is_a_divergence():
    assert findings(recorded(lambda at: 2.3 + 40 * at)) == []


def test_batches_of_one_row_jump_all_the_time():
    draw = np.random.default_rng(0)
    assert findings(series(draw.normal(size=3000) ** 2 * np.exp(draw.normal(size=3000)))) == []


def test_what_stood_before_ranks_the_causes():
    assert findings(series(jumping(3, 60.0, 20)))[0].causes[0] == "lr_too_high"
    often = jumping(100, 60.0, 8)
    often[200:208] += 60.0
    often[300:308] += 50.0
    assert findings(series(often))[0].causes[0] == "lr_too_high"
    losses = jumping(200, 60.0, 10)

    def log(name, curve):
        return History.of((at + 1, {"train.loss": loss, name: curve(at)}) for at, loss in enumerate(losses))

    raised = findings(log("train.learning_rate", lambda at: 0.1 if at < 199 else 5.0))
    assert raised[0].causes[:2] == ("lr_too_high", "missing_warmup")
    grown = findings(log("train.gradient_norm", lambda at: 1.0 if at < 190 else 30.0))
    assert grown[0].causes[0] == "exploding_gradient"


def test_games_and_few_losses_are_skipped():
    rewarded = History.of((at, {"train.loss": float(at == 9) * 99 + 1, "train.return": 0.0}) for at in range(50))
    assert isinstance(next(Explosion().examine(rewarded)), Skipped)
    assert isinstance(next(Explosion().examine(series([1.0] * 5))), Skipped)
