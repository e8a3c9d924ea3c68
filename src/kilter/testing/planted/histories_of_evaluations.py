"""Recorded curves of trainings whose validation, scores or learning rate went wrong in one way."""

from __future__ import annotations

import math

from kilter.testing.healthy.histories import falling, recorded
from kilter.testing.healthy.histories_of_evaluations import by_epoch, scheduled
from kilter.testing.subjects import Planted
from kilter.values.curve_names import TRAIN_LOSS, VALID_LOSS
from kilter.values.finding import Severity
from kilter.values.history import History


def _score_of_other_labels() -> History:
    return recorded(
        falling(2.3, 0.05, 6),
        valid=falling(2.3, 0.08, 6),
        evaluations=20,
        scores={"accuracy": lambda at: 0.1 + 0.01 * math.sin(40 * at)},
    )


def _score_gets_worse() -> History:
    return recorded(
        falling(2.3, 0.3, 4), valid=falling(2.2, 0.4, 4), evaluations=20, scores={"f1": lambda at: 0.8 - 0.4 * at}
    )


def _rare_class_given_up() -> History:
    return recorded(
        falling(0.69, 0.1, 9),
        valid=falling(0.6, 0.12, 9),
        evaluations=20,
        scores={"accuracy": lambda _: 0.97, "recall": lambda _: 0.0},
    )


def _one_answer() -> History:
    """Four classes that are equally frequent, one of which is always answered."""
    return recorded(
        falling(1.6, 1.39, 9), valid=falling(1.5, 1.39, 9), evaluations=20, scores={"accuracy": lambda _: 0.25}
    )


def _majority() -> History:
    return recorded(
        falling(0.69, 0.16, 9), valid=falling(0.6, 0.17, 9), evaluations=20, scores={"accuracy": lambda _: 0.96}
    )


def _logged_twice() -> History:
    shape = falling(2.3, 0.2, 5)
    return History.of((epoch, {TRAIN_LOSS: shape(epoch / 20), VALID_LOSS: shape(epoch / 20)}) for epoch in range(1, 21))


def _jumping() -> History:
    """The statistics that the validation uses are those of the last few rows."""
    return recorded(
        falling(2.3, 0.2, 6),
        valid=lambda at: 1.2 + 3.0 * abs(math.sin(997 * at)) ** 2,
        evaluations=30,
    )


FAULTS_OF_EVALUATIONS: tuple[Planted[History], ...] = (
    Planted(
        code="C103",
        name="a score turns",
        make=lambda: recorded(
            falling(0.69, 0.01, 6),
            evaluations=20,
            valid=lambda _: math.nan,
            scores={"accuracy": lambda at: 0.9 - 0.3 * math.exp(-12 * at) - 0.25 * max(0.0, at - 0.3)},
        ),
        causes=("overfitting",),
    ),
    Planted(
        code="C105",
        name="stopped on the way, nothing evaluated",
        make=lambda: recorded(falling(2.3, 0.2, 1.2), evaluations=0),
        causes=("too_few_epochs",),
        severity=Severity.NOTE,
    ),
    Planted(
        code="C105",
        name="creeping",
        make=lambda: recorded(falling(2.3, 2.25, 0.5), valid=falling(2.3, 2.25, 0.5), noise=0.001),
        causes=("lr_too_low",),
        severity=Severity.NOTE,
    ),
    Planted(code="C120", name="score of other labels", make=_score_of_other_labels, causes=("wrong_metric",)),
    Planted(code="C120", name="score gets worse", make=_score_gets_worse, causes=("wrong_metric",)),
    Planted(code="C121", name="rare class given up", make=_rare_class_given_up, causes=("imbalance_zero_recall",)),
    Planted(code="C121", name="majority for all", make=_majority, causes=("imbalance_zero_recall",)),
    Planted(code="C121", name="one answer of four", make=_one_answer, causes=("model_ignores_input", "dead_relu")),
    Planted(code="C122", name="one loss logged twice", make=_logged_twice, causes=("train_val_leak", "wrong_metric")),
    Planted(
        code="C122",
        name="another split",
        make=lambda: recorded(falling(2.3, 2.2, 1), valid=falling(0.9, 0.85, 1), evaluations=20),
        causes=("unshuffled_split", "distribution_shift"),
    ),
    Planted(
        code="C122",
        name="nearly all is dropped",
        make=lambda: recorded(falling(2.3, 2.1, 1), valid=falling(1.9, 0.6, 4), evaluations=20),
        causes=("dropout_too_high",),
    ),
    Planted(
        code="C123",
        name="gone after a tenth",
        make=lambda: scheduled(
            lambda at: 1e-3 * 0.5 ** (at / 0.05), lambda at: falling(2.3, 1.4, 8)(at) if at < 0.2 else 1.58, noise=0.01
        ),
        causes=("lr_decayed_too_early",),
    ),
    Planted(
        code="C123",
        name="0 for the rest",
        make=lambda: scheduled(lambda at: 1e-3 * max(0.0, 1 - 4 * at), lambda at: 2.3 - 3 * min(at, 0.25)),
        causes=("schedule_length_mismatch", "lr_decayed_too_early"),
    ),
    Planted(
        code="C124",
        name="warm-up without end",
        make=lambda: scheduled(lambda at: 1e-4 * at, falling(2.3, 1.9, 1)),
        causes=("warmup_longer_than_run",),
    ),
    Planted(
        code="C124",
        name="warm-up by the epoch",
        make=lambda: scheduled(lambda at: 1e-5 * math.ceil(10 * at), falling(2.3, 1.9, 1)),
        causes=("scheduler_per_epoch",),
    ),
    Planted(
        code="C124",
        name="cut in the middle",
        make=lambda: scheduled(lambda at: 5e-4 * (1 + math.cos(math.pi * at / 2))),
        causes=("schedule_length_mismatch",),
        severity=Severity.NOTE,
    ),
    Planted(
        code="C125",
        name="a copy is evaluated",
        make=lambda: recorded(falling(), valid=lambda _: 2.3025851, noise=0.0),
        causes=("ema_never_updated",),
        severity=Severity.FAILURE,
    ),
    Planted(
        code="C125",
        name="nothing moves",
        make=lambda: recorded(lambda at: 2.3 + 0.02 * math.sin(500 * at), valid=lambda _: 2.3025851, noise=0.0),
        causes=("no_optimizer_step", "optimizer_wrong_params"),
        severity=Severity.FAILURE,
    ),
    Planted(
        code="C126",
        name="validation in other units",
        make=lambda: recorded(falling(2.3, 0.1, 8), valid=lambda at: 30 + 20 * at, evaluations=20),
        causes=("val_preprocess_mismatch",),
    ),
    Planted(
        code="C126",
        name="labels at random",
        make=lambda: recorded(falling(2.3, 0.2, 2), valid=lambda at: 2.35 + 2 * at, evaluations=20),
        causes=("label_misaligned",),
    ),
    Planted(
        code="C126",
        name="validation in other units, a row an epoch",
        make=lambda: by_epoch(falling(2.3, 0.1, 8), lambda at: 30 + 20 * at),
        causes=("val_preprocess_mismatch",),
    ),
    Planted(code="C127", name="statistics of a few rows", make=_jumping, causes=("bn_tiny_batch", "bn_stats_stale")),
    Planted(
        code="C128",
        name="too few rows",
        make=lambda: recorded(falling(2.3, 0.01, 8), valid=falling(2.3, 1.7, 8), evaluations=100, noise=0.005),
        causes=("too_little_data",),
    ),
    Planted(
        code="C128",
        name="statistics stale",
        make=lambda: recorded(falling(2.3, 0.01, 12), valid=falling(2.0, 1.7, 9), evaluations=20, noise=0.02),
        causes=("bn_stats_stale",),
    ),
    Planted(
        code="C122",
        name="half is hidden by dropping",
        make=lambda: recorded(falling(2.3, 1.8, 3), valid=falling(2.3, 1.1, 3), evaluations=20),
        causes=("dropout_too_high",),
        severity=Severity.NOTE,
    ),
    Planted(
        code="C124",
        name="beyond its cosine",
        make=lambda: scheduled(
            lambda at: 5e-4 * (1 + math.cos(2 * math.pi * at)),
            lambda at: falling(2.3, 0.3, 6)(at) + 0.8 * max(0.0, at - 0.5),
        ),
        causes=("schedule_length_mismatch",),
    ),
    Planted(
        code="C126",
        name="hundreds of times as much, and falling",
        make=lambda: recorded(falling(1.0, 0.1, 3), valid=falling(300.0, 40.0, 3), evaluations=20),
        causes=("val_preprocess_mismatch",),
        severity=Severity.NOTE,
    ),
    Planted(
        code="C129",
        name="nothing told",
        make=lambda: by_epoch(falling(1.014, 1.008, 4), falling(0.96, 0.958, 4)),
        causes=("model_ignores_input", "label_misaligned"),
        severity=Severity.NOTE,
    ),
    Planted(
        code="C123",
        name="two cuts too soon",
        make=lambda: scheduled(lambda at: 2e-3 * 0.1 ** int(at / 0.1), lambda at: 2.5 - 2.5 * min(at, 0.1), noise=0.02),
        causes=("lr_decayed_too_early",),
    ),
    Planted(
        code="C129",
        name="one unit for ten classes",
        make=lambda: recorded(falling(2.3, 1.5, 12), valid=falling(2.3, 1.55, 12), evaluations=20),
        causes=("underfit_capacity",),
        severity=Severity.NOTE,
    ),
)
"""Each is found by its check."""
