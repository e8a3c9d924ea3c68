"""Outcomes of trainings that went well: no check of results may say more than a note."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from kilter.evaluation.calibrating import calibrate
from kilter.evaluation.comparing import compare_all
from kilter.evaluation.evaluating import evaluate
from kilter.evaluation.judging import judge
from kilter.tasks.classification import Classification
from kilter.tasks.regression import Regression
from kilter.testing.subjects import Healthy
from kilter.values.comparison import Effort
from kilter.values.curve_names import TRAIN_LOSS, VALID_LOSS
from kilter.values.expectation import Expectation
from kilter.values.history import History
from kilter.values.outcome import Outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.values.predictions import Predictions
    from kilter.values.task import Task

LABELS = ("a", "b", "c")


def targets(rows: int = 600, *, shares: tuple[float, ...] = (0.4, 0.35, 0.25), seed: int = 0) -> NDArray[np.int64]:
    """Class indices of a test split."""
    drawn = np.random.default_rng(seed).choice(len(shares), rows, p=shares)
    drawn[: len(shares)] = range(len(shares))
    return drawn


def probabilities(
    truth: NDArray[np.int64], *, accuracy: float, confidence: float | None = None, classes: int = 3, seed: int = 1
) -> NDArray[np.float64]:
    """Probabilities whose largest one is right so often, and is about `confidence`, by default as often."""
    draw = np.random.default_rng(seed)
    right = draw.random(len(truth)) < accuracy
    decided = np.where(right, truth, (truth + draw.integers(1, classes, len(truth))) % classes)
    sure = np.clip((accuracy if confidence is None else confidence) + draw.normal(0, 0.03, len(truth)), 0.4, 0.995)
    given = np.repeat(((1 - sure) / (classes - 1))[:, None], classes, axis=1)
    given[np.arange(len(truth)), decided] = sure
    return given


def constant(truth: NDArray[np.int64], classes: int = 3) -> NDArray[np.float64]:
    """The frequencies of the classes, for every example."""
    shares = np.bincount(truth, minlength=classes) / len(truth)
    return np.repeat(shares[None, :], len(truth), axis=0)


def outcome(
    task: Task,
    truth: NDArray[Any],
    answers: Mapping[str, NDArray[Any]],
    *,
    train: tuple[NDArray[Any], NDArray[Any]] | None = None,
) -> Outcome:
    """The answers of `model` beside those of baselines, the simplest first, on one test split.

    Args:
        task: what was learnt.
        truth: (n,) encoded targets.
        answers: by name; `model` is one of them.
        train: targets and answers of the model on its training rows.
    """
    ids = tuple(f"test.csv:{row + 2}" for row in range(len(truth)))
    predictions = {name: task.tabulate(ids, truth, given) for name, given in answers.items()}
    evaluations = {
        name: evaluate(made, task, model=name, split="test", mistakes=0) for name, made in predictions.items()
    }
    return Outcome(
        predictions=predictions["model"],
        evaluation=replace(evaluations["model"], calibration=calibrate(predictions["model"])),
        baselines=tuple(evaluation for name, evaluation in evaluations.items() if name != "model"),
        comparisons=compare_all(predictions, model="model", split="test", merit=task.merit),
        train=None
        if train is None
        else evaluate(_on_train(task, *train), task, model="model", split="train", mistakes=0),
    )


def _on_train(task: Task, truth: NDArray[Any], answers: NDArray[Any]) -> Predictions:
    return task.tabulate(tuple(f"train.csv:{row + 2}" for row in range(len(truth))), truth, answers)


def of_classes(
    accuracy: float = 0.9,
    *,
    linear: float = 0.8,
    rows: int = 600,
    confidence: float | None = None,
    shares: tuple[float, ...] = (0.4, 0.35, 0.25),
) -> Outcome:
    """A model of that accuracy beside the majority and a linear model."""
    truth = targets(rows, shares=shares)
    answers = {
        "model": probabilities(truth, accuracy=accuracy, confidence=confidence),
        "majority": constant(truth),
        "linear": probabilities(truth, accuracy=linear, seed=2),
    }
    return outcome(Classification(labels=LABELS), truth, answers)


def of_amounts(error: float = 0.3, *, ridge: float = 0.6, rows: int = 500) -> Outcome:
    """A model with that error beside the mean and a ridge regression; amounts have the standard deviation 1."""
    draw = np.random.default_rng(3)
    truth = draw.normal(size=rows)
    answers = {
        "model": truth + error * draw.normal(size=rows),
        "mean": np.full(rows, truth.mean()),
        "ridge": truth + ridge * draw.normal(size=rows),
    }
    return outcome(Regression(center=0.0, scale=1.0), truth, answers)


def _well_fitted() -> Outcome:
    """All training rows right, and nine of ten others: a network that generalises."""
    truth = targets()
    answers = {"model": probabilities(truth, accuracy=0.9), "majority": constant(truth)}
    seen = targets(900, seed=5)
    return outcome(
        Classification(labels=LABELS), truth, answers, train=(seen, probabilities(seen, accuracy=0.995, seed=6))
    )


def _imbalanced() -> Outcome:
    """Nine of ten are of one class; the model finds half of the others."""
    truth = targets(900, shares=(0.9, 0.1))
    draw = np.random.default_rng(4)
    found = np.where(truth == 1, 0.7 * (draw.random(900) < 0.7) + 0.1, 0.06)
    answers = {"model": np.stack([1 - found, found], axis=1), "majority": constant(truth, classes=2)}
    return outcome(Classification(labels=("usual", "rare"), lead="balanced_accuracy"), truth, answers)


def _one_shared_row() -> Outcome:
    """One test row stands in training, which moves nothing."""
    made, task = of_classes(), Classification(labels=LABELS)
    fresh = evaluate(made.predictions.take(np.arange(1, 600)), task, model="model", split="test", mistakes=0)
    return replace(made, fresh=fresh)


def _fairly_tried() -> Outcome:
    """As many settings of the baseline as of the model, and a test that was looked at a few times."""
    made = of_classes()
    spent = Effort(trials=3, steps=900, seconds=20.0)
    compared = [replace(c, left_effort=spent, right_effort=Effort(trials=3, seconds=1.0)) for c in made.comparisons]
    return replace(made, comparisons=tuple(compared), consulted=4)


def judged(made: Outcome, *expectations: Expectation) -> Outcome:
    """The outcome, held to what was expected of it."""
    judgements = judge(
        expectations, made.evaluation, train=made.train, baselines=made.baselines, comparisons=made.comparisons
    )
    return replace(made, judgements=judgements)


def _as_expected() -> Outcome:
    """One expectation is met, another the test is too small to decide."""
    met, open_ = Expectation.read("accuracy", ">= 0.8"), Expectation.read("accuracy", ">= 0.9")
    return judged(of_classes(), met, open_, Expectation(about="beats", rival="majority"))


def _overfitted_early() -> Outcome:
    """The validation loss rose and no score got better: other checks say that."""
    return replace(of_classes(), history=turning(better=False))


def turning(*, better: bool) -> History:
    """Twenty evaluations: the training loss falls, that of validation turns at the sixth and climbs.

    Args:
        better: whether the accuracy on validation goes on improving.
    """
    draw = np.random.default_rng(0)
    return History.of(
        (
            step,
            {
                TRAIN_LOSS: 0.69 * 0.8**step + 0.01,
                VALID_LOSS: 0.4 + 0.3 * 0.5**step + 0.03 * max(0, step - 6) + 0.002 * float(draw.normal()),
                "valid.accuracy": 0.8 + 0.006 * (step if better else min(step, 12 - step)),
            },
        )
        for step in range(1, 21)
    )


HEALTHY_OUTCOMES: tuple[Healthy[Outcome], ...] = (
    Healthy(name="classes", make=cache(of_classes)),
    Healthy(name="amounts", make=cache(of_amounts)),
    Healthy(name="a little too sure", make=cache(lambda: of_classes(0.88, confidence=0.94))),
    Healthy(name="too little sure", make=cache(lambda: of_classes(0.9, confidence=0.7))),
    Healthy(name="as good as linear", make=cache(lambda: of_classes(0.85, linear=0.85))),
    Healthy(name="a small test", make=cache(lambda: of_classes(0.9, linear=0.8, rows=40))),
    Healthy(name="hardly any test", make=cache(lambda: of_classes(0.45, linear=0.45, rows=12, confidence=0.5))),
    Healthy(name="well fitted", make=cache(_well_fitted)),
    Healthy(name="imbalanced", make=cache(_imbalanced)),
    Healthy(name="fairly tried", make=cache(_fairly_tried)),
    Healthy(name="as expected", make=cache(_as_expected)),
    Healthy(name="overfitted early", make=cache(_overfitted_early)),
    Healthy(name="one shared row", make=cache(_one_shared_row)),
    Healthy(name="a hard task", make=cache(lambda: of_classes(0.55, linear=0.5, confidence=0.55))),
)
