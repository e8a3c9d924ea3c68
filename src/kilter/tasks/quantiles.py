"""Regression by quantiles: each example has an amount, and is answered with how much it may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, final

import numpy as np
import torch

from kilter.metrics.quantiles import central, pinball, quantile_scores
from kilter.metrics.regression import regression_scores
from kilter.tasks.choices import chosen_loss, described
from kilter.tasks.losses import quantile
from kilter.tasks.outputs import logits_of, target_of
from kilter.tasks.regression import Regression
from kilter.tasks.scores import as_score, refuse_unscorable
from kilter.values.evaluation import Measures
from kilter.values.predictions import Predictions
from kilter.values.recipe import LossChoice
from kilter.values.task import Form, Loss

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from kilter.values.batch import Batch
    from kilter.values.task import Outputs

NAME: Final = "quantile"  # of the loss
USUAL: Final = LossChoice(name=NAME)
LEVELS: Final = (0.1, 0.5, 0.9)  # of which quantiles, unless something else is asked for


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Quantiles:
    """Quantiles of one amount, answered in standard units; the median decides, and its absolute error leads.

    The absolute error is the one that is least on average where the median is answered (Gneiting 2011, Making and
    evaluating point forecasts, sec. 3.3); models that answer a mean are at some disadvantage by it where targets are
    skewed. A quantile above the next higher one is no answer, so quantiles are sorted as they are decoded, which never
    makes the loss larger (Chernozhukov, Fernández-Val and Galichon 2010, Quantile and probability curves without
    crossing, sec. 2.3).

    Attributes:
        center: mean of the training targets.
        scale: their standard deviation.
        choice: the quantile loss, with the levels that are answered.
    """

    center: float
    scale: float
    choice: LossChoice = USUAL

    name: ClassVar[str] = Regression.name
    form: ClassVar[Form] = Form.ROW
    labels: ClassVar[tuple[str, ...]] = ()
    per_example: ClassVar[bool] = True
    merit: ClassVar[str] = "negative absolute error (standard units)"
    baselines: ClassVar[tuple[str, ...]] = ("median", "ridge", "boosted-median")

    def __post_init__(self) -> None:
        Regression(center=self.center, scale=self.scale)
        chosen_loss(self.choice, {NAME: ("quantiles",)}, task="regression by quantiles")

    @staticmethod
    def of(column: NDArray[np.generic], ids: Sequence[str], *, loss: LossChoice = USUAL) -> Quantiles:
        """The task that a target column (n,) describes.

        Raises:
            DataError: a target is missing or no number, or all are the same.
        """
        found = Regression.of(column, ids)
        return Quantiles(center=found.center, scale=found.scale, choice=loss)

    @property
    def levels(self) -> tuple[float, ...]:
        """The quantiles that are answered, rising."""
        return LEVELS if self.choice.quantiles is None else self.choice.quantiles

    @property
    def outputs(self) -> int:
        """One a level."""
        return len(self.levels)

    @property
    def scores(self) -> tuple[str, ...]:
        """Those of the median, then those of the quantiles, which a model that answers one amount does not have."""
        between = (name for percent, _, _ in central(self.levels) for name in (f"within_{percent}", f"width_{percent}"))
        return ("mae", "rmse", "r2", "mape", "pinball", *between)

    def describe(self) -> Mapping[str, object]:
        """The task as JSON."""
        return {"name": self.name, "center": self.center, "scale": self.scale, "choice": described(self.choice)}

    def encode(self, column: NDArray[np.generic], ids: Sequence[str]) -> NDArray[np.generic]:
        """Amounts (n,) float64, in their own units.

        Raises:
            DataError: targets that are missing or no numbers, with their rows.
        """
        return self._amount.encode(column, ids)

    def name_of(self, encoded: object) -> str:
        """An amount as a person reads it."""
        return self._amount.name_of(encoded)

    def stack(self, targets: Sequence[object]) -> Tensor:
        """Amounts in standard units (b,) float32."""
        return self._amount.stack(targets)

    @property
    def _amount(self) -> Regression:
        return Regression(center=self.center, scale=self.scale)

    def loss(self, outputs: Outputs, batch: Batch) -> Loss:
        """The mean over levels of the quantile loss of outputs (b, q) against targets (b,), in standard units.

        Raises:
            UsageError: the model returned something else.
        """
        each = quantile(target_of(batch)[:, None] - self._given(outputs, batch), self.levels)
        return Loss(torch.dot(each, batch.weight.to(each.dtype)), batch.weight.sum(), each)

    def _given(self, outputs: Outputs, batch: Batch) -> Tensor:
        return logits_of(outputs, batch, self.outputs, each="one amount a quantile")

    def chance_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The loss of answering 0 for each quantile."""
        standard = self._standard(targets)
        return self._mean_loss(standard, np.zeros(self.outputs))

    def prior_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The loss of always answering the quantiles of the targets."""
        standard = self._standard(targets)
        return self._mean_loss(standard, np.quantile(standard, self.levels, method="inverted_cdf"))

    def _standard(self, targets: NDArray[np.generic]) -> NDArray[np.float64]:
        standard: NDArray[np.float64] = (targets.astype(np.float64) - self.center) / self.scale
        return standard

    def _mean_loss(self, standard: NDArray[np.float64], constants: NDArray[np.float64]) -> float:
        return float(pinball(standard, np.broadcast_to(constants, (len(standard), self.outputs)), self._steps).mean())

    @property
    def _steps(self) -> NDArray[np.float64]:
        return np.array(self.levels, dtype=np.float64)

    def decode(self, outputs: Outputs, batch: Batch) -> NDArray[np.generic]:
        """Quantiles (b, q) in the amounts' own units, float64, sorted so that none crosses another."""
        given: NDArray[np.float64] = self._given(outputs, batch).detach().double().cpu().numpy()
        rising: NDArray[np.float64] = np.sort(given, axis=1)
        return rising * self.scale + self.center

    def tabulate(
        self,
        ids: Sequence[str],
        targets: NDArray[np.generic],
        answers: Sequence[object] | NDArray[np.generic],
        weights: NDArray[np.float64] | None = None,
    ) -> Predictions:
        """Quantiles (n, q), of which the median decides, or amounts (n,) that decide themselves, beside amounts.

        The cost is the absolute error of the decision in standard units, the merit its negative.
        """
        truth = np.asarray(targets, dtype=np.float64)
        given = np.asarray(answers, dtype=np.float64)
        decided = given[:, self.levels.index(0.5)] if given.ndim == 2 else given
        cost = np.abs(decided - truth) / self.scale
        return Predictions(
            ids=tuple(ids),
            target=truth,
            answer=given,
            decided=decided,
            cost=cost,
            merit=-cost,
            weight=np.ones(len(truth)) if weights is None else weights,
        )

    def points(self, predictions: Predictions) -> Mapping[str, float]:
        """The mean absolute error of the median, and the mean quantile loss."""
        absolute = {"mae": float(predictions.cost.mean()) * self.scale}
        if predictions.answer.ndim != 2:
            return absolute
        target, quantiles = (column.astype(np.float64) for column in (predictions.target, predictions.answer))
        return absolute | {"pinball": float(pinball(target, quantiles, self._steps).mean())}

    def measure(self, predictions: Predictions) -> Measures:
        """Scores with their intervals: of the median, and of the quantiles where these were answered.

        Raises:
            TrainingError: answers that are not finite.
        """
        refuse_unscorable(predictions)
        measured = regression_scores(predictions.target, predictions.decided)
        if predictions.answer.ndim == 2:
            measured |= quantile_scores(predictions.target, predictions.answer, self.levels)
        held = {f"within_{percent}": float(percent) / 100 for percent, _, _ in central(self.levels)}
        return Measures(
            scores=tuple(
                as_score(name, measured[name], larger_is_better=name == "r2" or name in held, meant=held.get(name))
                for name in self.scores
                if name in measured
            )
        )
