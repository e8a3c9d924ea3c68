"""Regression: each example has an amount."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, final

import numpy as np
import torch

from kilter.metrics.regression import regression_scores
from kilter.tasks.choices import USUAL, chosen_loss, described
from kilter.tasks.constants import best_huber
from kilter.tasks.losses import absolute, huber, squared
from kilter.tasks.outputs import amounts_of, target_of
from kilter.tasks.scores import as_score, refuse_unscorable
from kilter.tasks.targets import amounts_in
from kilter.values.errors import DataError
from kilter.values.evaluation import Measures
from kilter.values.predictions import Predictions
from kilter.values.recipe import LossChoice
from kilter.values.task import Form, Loss

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from kilter.values.batch import Batch
    from kilter.values.task import Outputs

DELTA: Final = 1.0  # of the Huber loss, in standard units
LOSSES: Final[Mapping[str, tuple[str, ...]]] = {"squared": (), "absolute": (), "huber": ("delta",)}
BY_QUANTILES: Final[Mapping[str, tuple[str, ...]]] = {"quantile": ("quantiles",)}  # of a single amount


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """One amount: a model answers in standard units, (amount - center) / scale; squared error, R² leads.

    Attributes:
        center: mean of the training targets.
        scale: their standard deviation.
        choice: the loss that is made small, with its numbers.
    """

    center: float
    scale: float
    choice: LossChoice = USUAL

    name: ClassVar[str] = "regression"
    form: ClassVar[Form] = Form.ROW
    labels: ClassVar[tuple[str, ...]] = ()
    outputs: ClassVar[int] = 1
    per_example: ClassVar[bool] = True
    merit: ClassVar[str] = "negative squared error (standard units)"
    scores: ClassVar[tuple[str, ...]] = ("r2", "rmse", "mae", "mape")
    baselines: ClassVar[tuple[str, ...]] = ("mean", "ridge", "boosted-regression")

    def __post_init__(self) -> None:
        if not (math.isfinite(self.center) and math.isfinite(self.scale) and self.scale > 0):
            message = f"center = {self.center}, scale = {self.scale}: both must be finite, and the scale above 0"
            raise ValueError(message)
        if chosen_loss(self.choice, {**LOSSES, **BY_QUANTILES}, task="regression") in BY_QUANTILES:
            message = "the quantile loss is that of another task: make it by tasks/quantiles.Quantiles"
            raise ValueError(message)

    @staticmethod
    def of(column: NDArray[np.generic], ids: Sequence[str], *, loss: LossChoice = USUAL) -> Regression:
        """The task that a target column (n,) describes.

        Raises:
            DataError: a target is missing or no number, or all are the same.
            RecipeError: the loss is none of regression.
        """
        amounts = amounts_in(column, ids)
        if len(amounts) == 0 or amounts.min() == amounts.max():
            raise DataError(
                f"all {len(amounts)} targets are {amounts[0]:g}" if len(amounts) else "there are no targets",
                legal="amounts that differ",
                remedy="look at the target column",
            )
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            center, scale = float(amounts.mean()), float(amounts.std())
        if not (math.isfinite(center) and math.isfinite(scale) and scale > 0):
            raise DataError(
                f"targets from {amounts.min():g} to {amounts.max():g} have no standard deviation that a double holds",
                legal="amounts whose squares are between 1e-308 and 1e308",
                remedy="learn them in another unit, or their logarithm",
            )
        return Regression(center=center, scale=scale, choice=loss)

    def describe(self) -> Mapping[str, object]:
        """The task as JSON."""
        return {"name": self.name, "center": self.center, "scale": self.scale, "choice": described(self.choice)}

    def encode(self, column: NDArray[np.generic], ids: Sequence[str]) -> NDArray[np.generic]:
        """Amounts (n,) float64, in their own units.

        Raises:
            DataError: targets that are missing or no numbers, with their rows.
        """
        return amounts_in(column, ids)

    def name_of(self, encoded: object) -> str:
        """An amount as a person reads it."""
        return f"{float(encoded):.6g}"  # type: ignore[arg-type]

    def stack(self, targets: Sequence[object]) -> Tensor:
        """Amounts in standard units (b,) float32."""
        return torch.as_tensor((np.asarray(targets, dtype=np.float64) - self.center) / self.scale, dtype=torch.float32)

    def loss(self, outputs: Outputs, batch: Batch) -> Loss:
        """Squared error in standard units, or what else was chosen, of outputs (b, 1) or (b,) against targets (b,).

        Nothing is broadcast.

        Raises:
            UsageError: the model returned something else.
        """
        each = error_loss(amounts_of(outputs, batch) - target_of(batch), self.choice)
        return Loss(torch.dot(each, batch.weight.to(each.dtype)), batch.weight.sum(), each)

    def chance_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The loss of answering 0: of squared errors, the second moment of the targets in standard units."""
        return mean_error((targets.astype(np.float64) - self.center) / self.scale, self.choice)

    def prior_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The loss of the best constant answer: of squared errors, the variance of the targets in standard units."""
        return least_error((targets.astype(np.float64) - self.center) / self.scale, self.choice)

    def decode(self, outputs: Outputs, batch: Batch) -> NDArray[np.generic]:
        """Amounts (b,) in their own units, float64."""
        answers: NDArray[np.float64] = amounts_of(outputs, batch).detach().double().cpu().numpy()
        return answers * self.scale + self.center

    def tabulate(
        self,
        ids: Sequence[str],
        targets: NDArray[np.generic],
        answers: Sequence[object] | NDArray[np.generic],
        weights: NDArray[np.float64] | None = None,
    ) -> Predictions:
        """Amounts beside amounts; the cost is the squared error in standard units, the merit its negative.

        They are so whatever loss was made small. R² and RMSE are functions of the mean squared error, so the mean merit
        orders models as they do.
        """
        truth = np.asarray(targets, dtype=np.float64)
        given = np.asarray(answers, dtype=np.float64).reshape(len(truth))
        cost = ((given - truth) / self.scale) ** 2
        return by_error(ids, truth, given, cost, weights)

    def points(self, predictions: Predictions) -> Mapping[str, float]:
        """R² and RMSE."""
        squared = float(predictions.cost.mean()) * self.scale**2
        spread = float(predictions.target.astype(np.float64).var())
        return {"r2": 1 - squared / spread if spread else math.nan, "rmse": math.sqrt(squared)}

    def measure(self, predictions: Predictions) -> Measures:
        """Scores with their intervals.

        Raises:
            TrainingError: answers that are not finite.
        """
        refuse_unscorable(predictions)
        measured = regression_scores(predictions.target, predictions.decided)
        return Measures(scores=tuple(as_score(n, measured[n], larger_is_better=n == "r2") for n in self.scores))


def by_error(
    ids: Sequence[str],
    truth: NDArray[np.float64],
    given: NDArray[np.float64],
    cost: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
) -> Predictions:
    """Amounts (n,) or (n, k) that are decided as they are answered, and whose merit is that their cost (n,) is low."""
    return Predictions(
        ids=tuple(ids),
        target=truth,
        answer=given,
        decided=given,
        cost=cost,
        merit=-cost,
        weight=np.ones(len(truth)) if weights is None else weights,
    )


def error_loss(error: Tensor, choice: LossChoice) -> Tensor:
    """The chosen loss of each error, both in standard units."""
    match choice.name:
        case "absolute":
            return absolute(error)
        case "huber":
            return huber(error, delta=choice.delta or DELTA)
    return squared(error)


def mean_error(errors: NDArray[np.float64], choice: LossChoice) -> float:
    """The mean of the chosen loss over errors (n,) in standard units."""
    return float(error_loss(torch.from_numpy(errors), choice).mean())


def least_error(errors: NDArray[np.float64], choice: LossChoice) -> float:
    """The mean of the chosen loss after the best constant, mean, median or between, has been taken off all errors."""
    match choice.name:
        case "absolute":
            return float(np.abs(errors - np.median(errors)).mean())
        case "huber":
            return best_huber(errors, choice.delta or DELTA)
    return float(errors.var())
