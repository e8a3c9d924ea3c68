"""Regression of several amounts: each example has some of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, final

import numpy as np
import torch

from kilter.metrics.several_amounts import column_scores, mean_r2
from kilter.tasks.choices import USUAL, chosen_loss, described
from kilter.tasks.losses import over_places
from kilter.tasks.outputs import logits_of, target_of
from kilter.tasks.regression import LOSSES, Regression, by_error, error_loss, least_error, mean_error
from kilter.tasks.scores import as_score, refuse_unscorable
from kilter.tasks.targets import refuse_empty_rows, refuse_places
from kilter.values.errors import DataError
from kilter.values.evaluation import Measures
from kilter.values.predictions import Predictions
from kilter.values.recipe import LossChoice
from kilter.values.score import Score
from kilter.values.task import Form, Loss

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from kilter.values.batch import Batch
    from kilter.values.task import Outputs

_REPORTED: Final = ("r2", "rmse", "mae")  # of each column


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SeveralAmounts:
    """k amounts, each answered in its own standard units; the mean of their R² leads.

    Amounts that are unknown (not-a-number) are left out of the loss and of the scores. The loss is over amounts that
    are known, each column counting 1 / k, so that a row without gaps counts 1.

    Attributes:
        columns: names of the amounts, in the order of the outputs.
        center: mean of the known training targets of each.
        scale: their standard deviation.
        choice: the loss that is made small, with its numbers.
    """

    columns: tuple[str, ...]
    center: tuple[float, ...]
    scale: tuple[float, ...]
    choice: LossChoice = USUAL

    name: ClassVar[str] = "regression"
    labels: ClassVar[tuple[str, ...]] = ()
    form: ClassVar[Form] = Form.ROW
    per_example: ClassVar[bool] = True
    merit: ClassVar[str] = Regression.merit
    baselines: ClassVar[tuple[str, ...]] = ("mean", "ridge", "boosted-regression")

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of the scores: the mean R², then those of each amount."""
        return ("mean_r2", *(f"{column}.{name}" for column in self.columns for name in _REPORTED))

    def __post_init__(self) -> None:
        if not len(self.columns) == len(self.center) == len(self.scale) >= 1:
            message = f"{len(self.columns)} columns, {len(self.center)} centers and {len(self.scale)} scales: as many"
            raise ValueError(f"{message} of each are legal")
        for center, scale in zip(self.center, self.scale, strict=True):
            Regression(center=center, scale=scale)
        chosen_loss(self.choice, LOSSES, task="regression of several amounts")

    @staticmethod
    def of(
        column: NDArray[np.generic], ids: Sequence[str], *, columns: tuple[str, ...], loss: LossChoice = USUAL
    ) -> SeveralAmounts:
        """The task that target columns (n, k) describe.

        Raises:
            DataError: a row without any target, targets that are infinite, or a column of equal ones.
            RecipeError: the loss is none of regression.
        """
        amounts = _amounts(column, ids, columns)
        each = []
        for at, name in enumerate(columns):
            known = np.flatnonzero(~np.isnan(amounts[:, at])).tolist()
            try:
                each.append(Regression.of(amounts[known, at], [ids[row] for row in known]))
            except DataError as error:
                raise DataError(f"target {name!r}: {error.summary.met}", legal=error.summary.legal) from None
        return SeveralAmounts(
            columns=columns,
            center=tuple(task.center for task in each),
            scale=tuple(task.scale for task in each),
            choice=loss,
        )

    @property
    def outputs(self) -> int:
        """One a column."""
        return len(self.columns)

    def describe(self) -> Mapping[str, object]:
        """The task as JSON."""
        return {
            "name": self.name,
            "columns": list(self.columns),
            "center": list(self.center),
            "scale": list(self.scale),
            "choice": described(self.choice),
        }

    def encode(self, column: NDArray[np.generic], ids: Sequence[str]) -> NDArray[np.generic]:
        """Amounts (n, k) float64, in their own units; not-a-number where unknown.

        Raises:
            DataError: rows without any amount, and amounts that are infinite, with their rows.
        """
        return _amounts(column, ids, self.columns)

    def name_of(self, encoded: object) -> str:
        """Amounts with their columns, those that are known."""
        amounts = zip(self.columns, np.asarray(encoded, dtype=np.float64).tolist(), strict=True)
        return ", ".join(f"{name} {amount:.6g}" for name, amount in amounts if not math.isnan(amount))

    def stack(self, targets: Sequence[object]) -> Tensor:
        """Amounts in standard units (b, k) float32."""
        return torch.as_tensor(self._standard(np.asarray(targets, dtype=np.float64)), dtype=torch.float32)

    def _standard(self, amounts: NDArray[np.float64]) -> NDArray[np.float64]:
        standard: NDArray[np.float64] = (amounts - np.array(self.center)) / np.array(self.scale)
        return standard

    def loss(self, outputs: Outputs, batch: Batch) -> Loss:
        """The chosen loss of outputs (b, k) against targets (b, k) in standard units, where these are known.

        Raises:
            UsageError: the model returned something else.
        """
        given, target = logits_of(outputs, batch, len(self.columns), each="one amount a column"), target_of(batch)
        known = ~torch.isnan(target)
        # the hole is filled before the subtraction: not-a-number times 0 would come back in the gradient
        errors = torch.where(known, given - torch.where(known, target, 0), 0)
        return over_places(error_loss(errors, self.choice), known, batch.weight)

    def chance_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The loss of answering 0."""
        standard = self._standard(targets.astype(np.float64))
        return mean_error(standard[~np.isnan(standard)], self.choice)

    def prior_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The loss of the best constant answer in each column."""
        standard = self._standard(targets.astype(np.float64))
        total = 0.0
        for column in standard.T:
            known = column[~np.isnan(column)]
            total += len(known) * least_error(known, self.choice) if len(known) else 0.0
        return total / max(int((~np.isnan(standard)).sum()), 1)

    def decode(self, outputs: Outputs, batch: Batch) -> NDArray[np.generic]:
        """Amounts (b, k) in their own units, float64."""
        given: NDArray[np.float64] = (
            logits_of(outputs, batch, len(self.columns), each="one amount a column").detach().double().cpu().numpy()
        )
        amounts: NDArray[np.float64] = given * np.array(self.scale) + np.array(self.center)
        return amounts

    def tabulate(
        self,
        ids: Sequence[str],
        targets: NDArray[np.generic],
        answers: Sequence[object] | NDArray[np.generic],
        weights: NDArray[np.float64] | None = None,
    ) -> Predictions:
        """Amounts beside amounts; the cost is the mean squared error of the known ones in standard units.

        The merit is its negative: R² falls with each column's mean squared error.
        """
        truth = np.asarray(targets, dtype=np.float64).reshape(-1, len(self.columns))
        given = np.asarray(answers, dtype=np.float64).reshape(truth.shape)
        known = ~np.isnan(truth)
        squares = np.where(known, ((given - truth) / np.array(self.scale)) ** 2, 0.0)
        cost = squares.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        return by_error(ids, truth, given, cost, weights)

    def points(self, predictions: Predictions) -> Mapping[str, float]:
        """The mean R²."""
        value = mean_r2(predictions.target, predictions.decided, resamples=1).value
        return {"mean_r2": math.nan if value is None else value}

    def measure(self, predictions: Predictions) -> Measures:
        """The mean R², and R², RMSE and MAE of each column, with their intervals.

        Raises:
            TrainingError: answers that are not finite.
        """
        refuse_unscorable(predictions)
        scores: list[Score] = [as_score("mean_r2", mean_r2(predictions.target, predictions.decided))]
        each = column_scores(predictions.target, predictions.decided)
        for name, measured in zip(self.columns, each, strict=True):
            scores += [as_score(f"{name}.{n}", measured[n], larger_is_better=n == "r2") for n in _REPORTED]
        return Measures(scores=tuple(scores))


def _amounts(column: NDArray[np.generic], ids: Sequence[str], columns: Sequence[str]) -> NDArray[np.float64]:
    amounts: NDArray[np.float64] = np.asarray(column, dtype=np.float64)
    refuse_places(
        np.isinf(amounts),
        amounts,
        ids,
        columns,
        met="infinite",
        legal="amounts to learn are finite, or missing",
        remedy="correct them or leave them empty",
    )
    refuse_empty_rows(~np.isnan(amounts), ids)
    return amounts
