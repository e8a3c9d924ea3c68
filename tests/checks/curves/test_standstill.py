"""Why a loss stands still."""

import numpy as np
import pytest

from kilter.checks.curves.standstill import exploded, reason, unmoved
from kilter.testing.healthy.histories import recorded
from kilter.values.history import History


def log(**curves):
    """A flat training loss with noise, beside these curves of a hundred steps; `valid` every tenth step."""
    losses = recorded(lambda _: 2.3, noise=0.02)["train.loss"].values[:100]
    rows = [
        (
            at + 1,
            {"train.loss": losses[at]}
            | {f"train.{name}": float(curve(at)) for name, curve in curves.items() if name != "valid"},
        )
        for at in range(100)
    ]
    evaluated = (
        [(at + 1, {"valid.loss": float(curves["valid"](at))}) for at in range(9, 100, 10)] if "valid" in curves else []
    )
    return History.of(sorted(rows + evaluated, key=lambda row: row[0]))


DRAW = np.random.default_rng(0).normal(size=100)


@pytest.mark.parametrize(
    ("curves", "cause"),
    [
        ({"learning_rate": lambda _: 1e-8}, "lr_too_low"),
        ({"gradient_norm": lambda _: 1e-9}, "vanishing_gradient"),
        ({"gradient_norm": lambda _: 0.0, "valid": lambda _: 2.302585}, "loss_detached"),
        ({"gradient_norm": lambda at: 1 + at, "valid": lambda _: 2.302585}, "optimizer_wrong_params"),
        ({"gradient_norm": lambda _: 1.0, "valid": lambda _: 2.302585}, "no_optimizer_step"),
        ({"valid": lambda at: 2.3 - 1e-5 * at}, "lr_too_low"),
        ({"valid": lambda at: 2.3 + 1e-3 * DRAW[at]}, "model_ignores_input"),
        ({"valid": lambda at: 2.3 + 0.5 * DRAW[at]}, "lr_too_high"),
        ({}, "lr_too_low"),
    ],
)
def test_what_else_was_recorded_tells(curves, cause):
    assert reason(log(**curves), None).causes[0] == cause


def test_an_explosion_comes_before_everything_else():
    assert reason(log(learning_rate=lambda _: 1e-8), 40.0).causes[0] == "lr_too_high"
    assert exploded(np.r_[2.0, np.full(5, 9.0), np.full(60, 2.0)], 2.0) == 9.0
    assert exploded(np.r_[2.0, 9.0, np.full(60, 2.0)], 2.0) is None
    assert exploded(np.full(60, 2.0), 2.0) is None


@pytest.mark.parametrize("seed", range(5))
def test_a_first_loss_that_was_low_by_chance_is_no_explosion(seed):
    noisy = 3 + np.random.default_rng(seed).normal(size=200)
    assert exploded(np.r_[1.0, noisy], 1.5) is None
    assert exploded(np.r_[1.0, np.full(5, 9.0), noisy], 1.5) == 9.0


def test_a_rounded_value_does_not_tell_that_nothing_moved():
    assert unmoved(log(valid=lambda _: 2.302585))
    assert not unmoved(log(valid=lambda _: 2.3))
    assert not unmoved(log(valid=lambda at: 2.302585 + 1e-9 * at))
    assert not unmoved(log())
