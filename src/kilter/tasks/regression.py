"""Regression: each example has an amount."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, final

import numpy as np
import torch

from kilter.metrics.regression import regression_scores
from kilter.tasks.outputs import amounts_of, target_of
from kilter.tasks.scores import as_score, refuse_unscorable
from kilter.values.errors import DataError, Fault
from kilter.values.evaluation import Measures
from kilter.values.predictions import Predictions
from kilter.values.task import Loss

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from kilter.values.batch import Batch
    from kilter.values.task import Outputs

MOST_FAULTS: Final = 20
_REPORTED: Final = ("r2", "rmse", "mae", "mape")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """One amount: a model answers in standard units, (amount - center) / scale; squared error, R² leads.

    Attributes:
        center: mean of the training targets.
        scale: their standard deviation.
    """

    center: float
    scale: float

    name: ClassVar[str] = "regression"
    labels: ClassVar[tuple[str, ...]] = ()
    outputs: ClassVar[int] = 1
    per_example: ClassVar[bool] = True
    baselines: ClassVar[tuple[str, ...]] = ("mean", "ridge", "boosted-regression")

    def __post_init__(self) -> None:
        if not (math.isfinite(self.center) and math.isfinite(self.scale) and self.scale > 0):
            message = f"center = {self.center}, scale = {self.scale}: both must be finite, and the scale above 0"
            raise ValueError(message)

    @staticmethod
    def of(column: NDArray[np.generic], ids: Sequence[str]) -> Regression:
        """The task that a target column (n,) describes.

        Raises:
            DataError: a target is missing or no number, or all are the same.
        """
        amounts = _amounts(column, ids)
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
        return Regression(center=center, scale=scale)

    def describe(self) -> Mapping[str, object]:
        """The task as JSON."""
        return {"name": self.name, "center": self.center, "scale": self.scale}

    def encode(self, column: NDArray[np.generic], ids: Sequence[str]) -> NDArray[np.generic]:
        """Amounts (n,) float64, in their own units.

        Raises:
            DataError: targets that are missing or no numbers, with their rows.
        """
        return _amounts(column, ids)

    def name_of(self, encoded: object) -> str:
        """An amount as a person reads it."""
        return f"{float(encoded):.6g}"  # type: ignore[arg-type]

    def stack(self, targets: Sequence[object]) -> Tensor:
        """Amounts in standard units (b,) float32."""
        return torch.as_tensor((np.asarray(targets, dtype=np.float64) - self.center) / self.scale, dtype=torch.float32)

    def loss(self, outputs: Outputs, batch: Batch) -> Loss:
        """Squared error in standard units; outputs (b, 1) or (b,) against targets (b,), never broadcast.

        Raises:
            UsageError: the model returned something else.
        """
        each = (amounts_of(outputs, batch) - target_of(batch)).square()
        return Loss(torch.dot(each, batch.weight.to(each.dtype)), batch.weight.sum(), each)

    def chance_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The loss of answering 0: the second moment of the targets in standard units."""
        return float((((targets.astype(np.float64) - self.center) / self.scale) ** 2).mean())

    def prior_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The loss of answering the mean each time: the variance of the targets in standard units."""
        return float((targets.astype(np.float64) / self.scale).var())

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

        R² and RMSE are functions of the mean squared error, so the mean merit orders models as they do.
        """
        truth = np.asarray(targets, dtype=np.float64)
        given = np.asarray(answers, dtype=np.float64).reshape(len(truth))
        cost = ((given - truth) / self.scale) ** 2
        return Predictions(
            ids=tuple(ids),
            target=truth,
            answer=given,
            decided=given,
            cost=cost,
            merit=-cost,
            weight=np.ones(len(truth)) if weights is None else weights,
        )

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
        return Measures(scores=tuple(as_score(n, measured[n], larger_is_better=n == "r2") for n in _REPORTED))


def _amounts(column: NDArray[np.generic], ids: Sequence[str]) -> NDArray[np.float64]:
    values = column.tolist()
    amounts = np.array([_amount(value) for value in values], dtype=np.float64)
    wrong = np.flatnonzero(~np.isfinite(amounts))
    if len(wrong):
        more = f" (the first {MOST_FAULTS} follow)" if len(wrong) > MOST_FAULTS else ""
        raise DataError(
            f"{len(wrong)} of {len(values)} targets are no finite numbers{more}",
            legal="amounts to learn are numbers",
            remedy="correct them or leave these rows out; if they are classes, say `task: classification`",
            faults=[Fault(where=ids[row], met=f"target {values[row]!r}") for row in wrong[:MOST_FAULTS]],
        )
    return amounts


def _amount(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan
