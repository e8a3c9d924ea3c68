"""Recorded curves of trainings that went wrong in one way, which the checks of curves must find."""

from __future__ import annotations

import math

import numpy as np

from kilter.testing.healthy.histories import falling, recorded, series
from kilter.testing.planted.histories_of_evaluations import FAULTS_OF_EVALUATIONS
from kilter.testing.planted.histories_of_layers import FAULTS_OF_LAYERS
from kilter.testing.planted.histories_of_steps import FAULTS_OF_STEPS
from kilter.testing.subjects import Planted
from kilter.values.finding import Severity
from kilter.values.history import History


def _diverging() -> History:
    return recorded(lambda at: 2.3 * math.exp(1.2 * at), valid=lambda at: 2.3 * math.exp(1.2 * at))


def _exploding() -> History:
    return recorded(lambda at: 2.3 + 40 * max(0.0, at - 0.5), norm=lambda at: 1.0 if at < 0.5 else 500.0)


def _collapse() -> History:
    """It learns, and then loses what it knew."""

    def loss(at: float) -> float:
        return falling()(at) if at < 0.6 else 1.9

    return recorded(loss, valid=loss)


def _none_from_the_start() -> History:
    return series(np.full(30, np.nan))


def _none_after_growth() -> History:
    losses = recorded(falling(2.3, 1.5))["train.loss"].values[:60].copy()
    losses[56:59] = (30.0, 800.0, 4e6)
    losses[59:] = np.nan
    return series(losses)


def _none_in_calm() -> History:
    losses = recorded(falling())["train.loss"].values.copy()
    losses[300:] = np.nan
    return series(losses)


def _none_in_validation() -> History:
    return recorded(falling(), valid=lambda at: math.inf if at > 0.3 else 1.0)


def _overfitting() -> History:
    return recorded(
        falling(0.69, 0.01, 6),
        valid=lambda at: falling(0.68, 0.40, 12)(at) + 0.6 * max(0.0, at - 0.2),
        evaluations=15,
        noise=0.02,
        scores={"accuracy": lambda at: 0.85 - 0.3 * math.exp(-12 * at) - 0.05 * max(0.0, at - 0.2)},
    )


def _overconfident() -> History:
    return recorded(
        falling(0.69, 0.01, 6),
        valid=lambda at: falling(0.68, 0.40, 12)(at) + 0.6 * max(0.0, at - 0.2),
        evaluations=15,
        noise=0.02,
        scores={"accuracy": lambda at: 0.70 + 0.15 * at},
    )


PLANTED_HISTORIES: tuple[Planted[History], ...] = (
    Planted(code="C101", name="climbing", make=_diverging, causes=("lr_too_high",), severity=Severity.FAILURE),
    Planted(
        code="C101",
        name="exploding",
        make=_exploding,
        causes=("exploding_gradient",),
        severity=Severity.FAILURE,
    ),
    Planted(code="C101", name="collapse", make=_collapse, causes=("lr_too_high", "missing_grad_clip")),
    Planted(
        code="C102",
        name="none from the start",
        make=_none_from_the_start,
        causes=("nan_in_data",),
        severity=Severity.FAILURE,
    ),
    Planted(
        code="C102",
        name="none after growth",
        make=_none_after_growth,
        causes=("lr_too_high", "exploding_gradient"),
        severity=Severity.FAILURE,
    ),
    Planted(
        code="C102",
        name="none in calm",
        make=_none_in_calm,
        causes=("numeric_instability",),
        severity=Severity.FAILURE,
    ),
    Planted(
        code="C102",
        name="none in validation",
        make=_none_in_validation,
        causes=("numeric_instability", "nan_in_data"),
        severity=Severity.FAILURE,
    ),
    Planted(code="C103", name="learning by heart", make=_overfitting, causes=("overfitting",)),
    Planted(code="C103", name="ever surer", make=_overconfident, causes=("overconfident",)),
    Planted(
        code="C104",
        name="flat",
        make=lambda: recorded(lambda _: 2.3, valid=lambda _: 2.3),
        causes=("model_ignores_input", "label_misaligned", "lr_too_low", "lr_too_high"),
    ),
    Planted(
        code="C104",
        name="flat without gradients",
        make=lambda: recorded(lambda _: 2.3, norm=lambda _: 1e-9),
        causes=("vanishing_gradient", "dead_relu"),
    ),
    Planted(
        code="C105",
        name="stopped on the way",
        make=lambda: recorded(falling(2.3, 0.2, 1.2), valid=falling(2.3, 0.3, 1.2), evaluations=12),
        causes=("too_few_epochs",),
        severity=Severity.NOTE,
    ),
    *FAULTS_OF_EVALUATIONS,
    *FAULTS_OF_STEPS,
    *FAULTS_OF_LAYERS,
)
