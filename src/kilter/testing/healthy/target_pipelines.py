"""Pipelines that are well, one for each loss and each kind of target: no preflight check may say more than a note."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from kilter.tasks.classification import Classification
from kilter.tasks.contrastive import Contrastive
from kilter.tasks.multilabel import MultiLabel
from kilter.tasks.multitask import MultiTask
from kilter.tasks.quantiles import Quantiles
from kilter.tasks.regression import Regression
from kilter.tasks.several_amounts import SeveralAmounts
from kilter.testing.healthy.pipelines import CLASSES, ROWS, Encoded, labels, numbers
from kilter.testing.networks import Perceptron
from kilter.testing.subjects import Healthy
from kilter.values.pipeline import Pipeline
from kilter.values.recipe import LossChoice, Recipe

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from kilter.values.pipeline import ModelFactory
    from kilter.values.task import Task

WEIGHTS = {"a": 0.5, "b": 1.0, "c": 3.0}


class TwoSides(nn.Module):
    """One layer for `left` and `right` alike, whose places are brought to length 1."""

    def __init__(self, given: int, width: int) -> None:
        super().__init__()
        self.encode = nn.Linear(given, width)

    def forward(self, left: Tensor, right: Tensor) -> dict[str, Tensor]:
        """(b, given) and (b, given) to places (b, width) of both."""
        return {
            "left": functional.normalize(self.encode(left), dim=1),
            "right": functional.normalize(self.encode(right), dim=1),
        }


def learning(
    task: Task,
    inputs: Mapping[str, Tensor],
    targets: NDArray[Any],
    make_model: ModelFactory | None = None,
    *,
    weights: list[float] | None = None,
    rate: float = 3e-3,
    accumulate: int = 1,
) -> Pipeline:
    """A pipeline over rows in memory, its targets stacked by its task."""
    return Pipeline(
        task=task,
        make_model=make_model or partial(Perceptron, 6, task.outputs),
        splits={"train": Encoded(inputs, targets, task, weights=weights)},
        recipe=Recipe.read({"optimizer": {"learning_rate": rate}, "batch": {"size": 16, "accumulate": accumulate}}),
    )


def of_classes(loss: LossChoice, *, weights: tuple[float, ...] = (), count: int = 3) -> Pipeline:
    """A perceptron over numbers that tell classes apart, and a loss."""
    targets = labels(shares=(0.34, 0.33, 0.33)[:count] if count == 3 else (0.6, 0.4))
    task = Classification(labels=CLASSES[:count], choice=loss, weights=weights)
    return learning(task, {"numbers": numbers(targets)}, targets)


def of_shares(loss: LossChoice) -> Pipeline:
    """The same with shares of three classes in place of one."""
    targets = labels()
    shares = np.random.default_rng(5).dirichlet((0.3, 0.3, 0.3), ROWS) * 0.3 + 0.7 * np.eye(3)[targets]
    task = Classification(labels=CLASSES, soft=True, choice=loss)
    return learning(task, {"numbers": numbers(targets)}, shares)


def _amounts(columns: int) -> tuple[dict[str, Tensor], NDArray[np.float64]]:
    draw = np.random.default_rng(3)
    given = draw.normal(size=(ROWS, 6))
    made = given @ draw.normal(size=(6, columns)) + 0.3 * draw.normal(size=(ROWS, columns))
    return {"numbers": torch.tensor(given, dtype=torch.float32)}, 50 + 10 * made


def of_amounts_by(loss: LossChoice, *, weights: list[float] | None = None) -> Pipeline:
    """A perceptron that answers an amount about 50, and a loss."""
    given, amounts = _amounts(1)
    task = Regression(center=float(amounts.mean()), scale=float(amounts.std()), choice=loss)
    return learning(task, given, amounts[:, 0], weights=weights)


def of_quantiles() -> Pipeline:
    """A perceptron that answers three quantiles of an amount about 50."""
    given, amounts = _amounts(1)
    return learning(Quantiles(center=float(amounts.mean()), scale=float(amounts.std())), given, amounts[:, 0])


def of_several_amounts(*, holes: float = 0.2) -> Pipeline:
    """Three amounts a row, some of them unknown."""
    given, amounts = _amounts(3)
    known = np.random.default_rng(6).random(amounts.shape) >= holes
    known[:, 0] |= ~known.any(axis=1)
    targets = np.where(known, amounts, np.nan)
    center, scale = np.nanmean(targets, axis=0), np.nanstd(targets, axis=0)
    task = SeveralAmounts(columns=CLASSES, center=tuple(center.tolist()), scale=tuple(scale.tolist()))
    return learning(task, given, targets)


def of_several_labels(*, holes: float = 0.2) -> Pipeline:
    """Three labels a row, each there or not, some of them unknown."""
    given, amounts = _amounts(3)
    known = np.random.default_rng(7).random(amounts.shape) >= holes
    known[:, 0] |= ~known.any(axis=1)
    return learning(MultiLabel(labels=CLASSES), given, np.where(known, (amounts > 55).astype(np.float64), np.nan))


def of_several_tasks(*, apart: bool) -> Pipeline:
    """Classes and amounts, of the same rows or each row with one of them."""
    given, amounts = _amounts(2)
    targets = np.stack([(amounts[:, 0] > 50).astype(np.float64), amounts[:, 1]], axis=1)
    if apart:
        targets[np.arange(ROWS), np.arange(ROWS) % 2] = np.nan
    own = targets[~np.isnan(targets[:, 1]), 1]
    tasks = (
        Classification(labels=("low", "high")),
        Regression(center=float(own.mean()), scale=float(own.std())),
    )
    return learning(MultiTask(columns=("level", "amount"), tasks=tasks), given, targets)


def of_matches(loss: LossChoice, *, accumulate: int = 1) -> Pipeline:
    """Rows that belong to noisy pictures of themselves; some of them to the same one."""
    draw = np.random.default_rng(8)
    which = draw.integers(0, ROWS * 3 // 4, ROWS)
    right = draw.normal(size=(ROWS, 6))[which]
    left = right + 0.3 * draw.normal(size=right.shape)
    given = {name: torch.tensor(side, dtype=torch.float32) for name, side in (("left", left), ("right", right))}
    return learning(Contrastive(choice=loss), given, which, partial(TwoSides, 6, 16), accumulate=accumulate)


def _named(name: str, make: Callable[[], Pipeline]) -> Healthy[Pipeline]:
    return Healthy(name=name, make=make)


HEALTHY_TARGET_PIPELINES: tuple[Healthy[Pipeline], ...] = (
    _named("smoothed", lambda: of_classes(LossChoice(smoothing=0.1))),
    _named("weighed classes", lambda: of_classes(LossChoice(class_weights=WEIGHTS), weights=tuple(WEIGHTS.values()))),
    _named("focal", lambda: of_classes(LossChoice(name="focal"))),
    _named("one logit", lambda: of_classes(LossChoice(name="binary_cross_entropy"), count=2)),
    _named("shares", lambda: of_shares(LossChoice())),
    _named("distillation", lambda: of_shares(LossChoice(name="distillation", temperature=3.0))),
    _named("absolute error", lambda: of_amounts_by(LossChoice(name="absolute"))),
    _named("huber", lambda: of_amounts_by(LossChoice(name="huber", delta=0.5))),
    _named("quantiles", of_quantiles),
    _named("weighed amounts", lambda: of_amounts_by(LossChoice(), weights=[0.2 + row % 5 for row in range(ROWS)])),
    _named("several amounts with gaps", of_several_amounts),
    _named("several labels with gaps", of_several_labels),
    _named("several tasks a row", lambda: of_several_tasks(apart=False)),
    _named("tasks of rows apart", lambda: of_several_tasks(apart=True)),
    _named("in-batch softmax", lambda: of_matches(LossChoice())),
    _named("contrastive", lambda: of_matches(LossChoice(name="contrastive"))),
    _named("triplets", lambda: of_matches(LossChoice(name="triplet"))),
)
