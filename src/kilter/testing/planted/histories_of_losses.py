"""Recorded training losses that went wrong in one way each."""

from __future__ import annotations

import math

import numpy as np

from kilter.testing.healthy.histories import falling, recorded, series
from kilter.testing.healthy.histories_of_losses import epochs
from kilter.testing.subjects import Planted
from kilter.values.finding import Severity
from kilter.values.history import History


def _huge_at_first() -> History:
    return recorded(
        lambda at: 49 * math.exp(-20 * at) + 0.4, scores={"accuracy": lambda at: 0.1 + 0.8 * at}, valid=falling()
    )


def _creeping() -> History:
    return recorded(lambda at: 2.303 - 0.03 * at, valid=lambda at: 2.303 - 0.028 * at, noise=0.01)


def _hardly_begun() -> History:
    """A plateau that the run is too short to leave."""
    return recorded(lambda at: 2.3 - 0.2 * at**3, valid=lambda at: 2.3 - 0.2 * at**3, noise=0.01)


def _warm_up_without_end() -> History:
    rows = recorded(lambda at: 2.3 - 0.25 * at**2, noise=0.01)["train.loss"].values
    return History.of(
        (step, {"train.loss": float(loss), "train.learning_rate": 1e-6 * step})
        for step, loss in enumerate(rows, start=1)
    )


def _thrown_back() -> History:
    return recorded(
        lambda at: 1.0 + 1.3 * math.exp(-12 * at) + 0.45 * math.sin(40 * at),
        valid=lambda at: 1.0 + 1.3 * math.exp(-12 * at) + 0.45 * math.sin(40 * at + 1),
        evaluations=20,
    )


def _shaken_validation() -> History:
    """Training noise as wide as any; that the validation loss jumps as far shows that it is not the batches'."""
    draw = np.random.default_rng(0)
    return recorded(
        falling(4.3, 2.8, 8),
        valid=lambda at: falling(4.3, 2.8, 8)(at) + 0.8 * float(draw.normal()),
        noise=0.8,
        evaluations=24,
    )


def _swings_for_nothing() -> History:
    """A valley crossed to and fro: the lowest loss is an early one."""
    return recorded(
        lambda at: 30 - 20 * math.cos(2 * math.pi * 20 * at) * math.exp(-at) + 40 * math.exp(-60 * at),
        valid=lambda at: 30 - 20 * math.cos(2 * math.pi * 20 * at + 0.3) * math.exp(-at),
        evaluations=40,
        noise=0.1,
    )


def _far_but_not_down() -> History:
    """The gradient shrinks to a tenth, and the loss stays where guessing has it."""
    losses = recorded(lambda at: 2.5 - 0.01 * at - 0.06 * at**3, noise=0.01)["train.loss"].values
    return History.of(
        (step, {"train.loss": float(loss), "train.gradient_norm": 0.1 + 0.9 * math.exp(-step / 20)})
        for step, loss in enumerate(losses, start=1)
    )


def _wild_for_a_moment() -> History:
    """The first steps cost thousands; from then on the loss stands."""
    losses = recorded(lambda _: 1.0, noise=0.2)["train.loss"].values.copy()
    losses[:5] = (3200.0, 1900.0, 280.0, 210.0, 12.0)
    return series(losses)


def _alternating() -> History:
    """All rows at each step, and a rate at the edge: up and down in turn."""
    return series([1.0 + 1.3 * math.exp(-at / 8) + 0.4 * (-1) ** at for at in range(60)])


def _exploding_at_first() -> History:
    at = np.arange(300)
    return series(2.3 + 200 * at * np.exp(-at / 3.0) + 0.02 * np.random.default_rng(0).normal(size=300))


def _poisoned() -> History:
    losses = recorded(falling(), noise=0.03)["train.loss"].values.copy()
    losses[200:230] += 4000 * np.exp(-np.arange(30) / 5)
    return series(losses)


def _never_back() -> History:
    losses = recorded(falling(), noise=0.03)["train.loss"].values.copy()
    losses[280:] = 900.0
    return series(losses)


def _gone_at_once() -> History:
    return recorded(lambda at: 2.3 * math.exp(-400 * at), valid=lambda _: 1e-4, noise=0.0)


def _zero_from_the_start() -> History:
    return series(np.zeros(100))


def _sign() -> History:
    return recorded(lambda at: -2.3 * math.exp(4 * at), valid=lambda at: -2.3 * math.exp(4 * at))


def _probabilities() -> History:
    """The mean of negative probabilities: between -1 and 0."""
    return recorded(
        lambda at: -0.1 - 0.6 * at, valid=lambda at: -0.1 - 0.6 * at, scores={"accuracy": lambda at: 0.1 + 0.8 * at}
    )


def _sorted() -> History:
    """One class after the other: within an epoch the loss climbs at each border, and falls behind it."""
    draw = np.random.default_rng(0)
    blocks = np.tile(np.repeat([1.2, 0.9, 0.1, 0.3, 1.0], 8), 8)
    ramp = np.tile(np.exp(-np.arange(8) / 3), 40)
    return epochs(1.0 + blocks * ramp + falling(1.0, 0.0, 3)(0.5) + 0.05 * draw.normal(size=320), 40)


def _drowned() -> History:
    return recorded(falling(6.2, 5.7, 2), noise=0.9, steps=6000)


def _floor() -> History:
    """Ten classes: never below ln(e + 9) - 1 = 1.4612."""
    floor = math.log(math.e + 9) - 1
    way = recorded(lambda at: math.exp(-9 * at), noise=0.0)["train.loss"].values
    return series(np.concatenate([[math.log(10)], floor + 1e-4 + (math.log(10) - floor) * way]))


FAULTS_OF_LOSSES: tuple[Planted[History], ...] = (
    Planted(code="C110", name="huge at first", make=_huge_at_first, causes=("bad_output_init",)),
    Planted(code="C111", name="creeping", make=_creeping, causes=("lr_too_low",)),
    Planted(code="C111", name="hardly begun", make=_hardly_begun, causes=("too_few_epochs", "lr_too_low")),
    Planted(code="C111", name="warm-up without end", make=_warm_up_without_end, causes=("warmup_longer_than_run",)),
    Planted(code="C112", name="thrown back", make=_thrown_back, causes=("lr_too_high",)),
    Planted(code="C112", name="shaken validation", make=_shaken_validation, causes=("lr_too_high",)),
    Planted(code="C112", name="to and fro", make=_swings_for_nothing, causes=("lr_too_high", "momentum_too_high")),
    Planted(code="C111", name="far, but not down", make=_far_but_not_down, causes=("lr_too_high", "missing_warmup")),
    Planted(
        code="C104", name="wild at first", make=_wild_for_a_moment, causes=("lr_too_high",), severity=Severity.NOTE
    ),
    Planted(code="C112", name="alternating", make=_alternating, causes=("lr_too_high",)),
    Planted(code="C113", name="exploding at first", make=_exploding_at_first, causes=("lr_too_high",)),
    Planted(code="C113", name="one poisoned batch", make=_poisoned, causes=("data_anomaly",)),
    Planted(
        code="C113", name="never back", make=_never_back, causes=("exploding_gradient",), severity=Severity.FAILURE
    ),
    Planted(code="C114", name="gone at once", make=_gone_at_once, causes=("target_leak", "task_trivial")),
    Planted(code="C114", name="zero from the start", make=_zero_from_the_start, causes=("softmax_single_unit",)),
    Planted(code="C115", name="sign turned", make=_sign, causes=("loss_sign_flipped",)),
    Planted(code="C115", name="probabilities", make=_probabilities, causes=("nll_without_log_softmax",)),
    Planted(code="C116", name="one class after the other", make=_sorted, causes=("no_shuffle_sorted",)),
    Planted(code="C117", name="drowned", make=_drowned, causes=("batch_too_small",), severity=Severity.NOTE),
    Planted(code="C118", name="softmax within softmax", make=_floor, causes=("double_softmax",)),
)
