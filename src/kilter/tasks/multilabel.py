"""Multi-label classification: each example has any number of the labels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, final

import numpy as np
import torch

from kilter.metrics.multilabel import label_scores, multilabel_scores
from kilter.tasks.choices import USUAL, chosen_loss, described
from kilter.tasks.constants import entropy
from kilter.tasks.losses import binary_cross_entropy, over_places
from kilter.tasks.outputs import logits_of, target_of
from kilter.tasks.scores import as_score, refuse_unscorable
from kilter.tasks.targets import MOST_FAULTS, first_of, in_order, refuse_empty_rows, refuse_missing, refuse_places, some
from kilter.values.errors import DataError, Fault
from kilter.values.evaluation import ClassScores, Measures
from kilter.values.predictions import Predictions
from kilter.values.recipe import LossChoice
from kilter.values.task import Form, Loss

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from kilter.values.batch import Batch
    from kilter.values.task import Outputs

THRESHOLD: Final = 0.5  # probability from which on a label is given
_LOSSES: Final = {"binary_cross_entropy": ()}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MultiLabel:
    """k labels, each there or not: k logits, binary cross-entropy of each, decided at a probability of one half.

    Micro F1 leads, as it has since the Reuters collections (Lewis et al. 2004, RCV1): it weighs every decision alike,
    and labels that are seldom there do not drown in those that are right by being left out. Macro F1, in which every
    label counts the same, stands beside it.

    Labels of an example that are unknown (not-a-number) are left out of the loss and of the scores. The loss is the
    mean over known places, each label counting 1 / k, so that a row without gaps counts 1.

    Attributes:
        labels: in the order of the logits.
        choice: the loss that is made small.
    """

    labels: tuple[str, ...]
    choice: LossChoice = USUAL

    name: ClassVar[str] = "multilabel"
    form: ClassVar[Form] = Form.ROW
    per_example: ClassVar[bool] = True
    merit: ClassVar[str] = "F1 per example"
    scores: ClassVar[tuple[str, ...]] = (
        "micro_f1",
        "macro_f1",
        "micro_precision",
        "micro_recall",
        "exact_match",
        "mean_average_precision",
    )
    baselines: ClassVar[tuple[str, ...]] = ("majority-labels", "linear-labels", "boosted-labels")

    def __post_init__(self) -> None:
        if not self.labels or len(set(self.labels)) < len(self.labels):
            message = f"labels = {self.labels!r}: one or more different ones are legal; look at the target column"
            raise ValueError(message)
        chosen_loss(self.choice, _LOSSES, task="multilabel")

    @staticmethod
    def of(
        column: NDArray[np.generic],
        ids: Sequence[str],
        *,
        columns: tuple[str, ...] = (),
        loss: LossChoice = USUAL,
        elsewhere: Sequence[tuple[str, ...] | None] = (),
    ) -> MultiLabel:
        """The task that targets describe.

        Args:
            column: the labels of each row, tuples (n,) of text; or 0, 1 and not-a-number (n, k) for labels that
                `columns` names.
            ids: names of the rows.
            columns: names of several columns of 0 and 1.
            loss: what is made small.
            elsewhere: targets of the splits that are not trained on; labels that stand only there are labels, too.

        Raises:
            DataError: rows without target, other numbers than 0 and 1, no labels, or every row with the same ones.
            RecipeError: the loss is none of this task.
        """
        if column.ndim == 2:
            labels = columns
        else:
            refuse_missing(column.tolist(), ids)
            labels = in_order({label for given in (*column, *elsewhere) for label in given or ()})
        if not labels:
            raise DataError(
                f"none of {len(column)} rows has a label",
                legal="one label or more, in some rows",
                remedy="look at the target column",
            )
        task = MultiLabel(labels=labels, choice=loss)
        targets = task.encode(column, ids)
        if (np.nanmin(targets, axis=0) == np.nanmax(targets, axis=0)).all():
            raise DataError(
                f"all {len(column)} rows have the same labels",
                legal="labels that some rows have and others have not",
                remedy="look at the target column, or at how the rows were chosen",
            )
        return task

    @property
    def outputs(self) -> int:
        """Logits a model gives."""
        return len(self.labels)

    def describe(self) -> Mapping[str, object]:
        """The task as JSON."""
        return {"name": self.name, "labels": list(self.labels), "choice": described(self.choice)}

    def encode(self, column: NDArray[np.generic], ids: Sequence[str]) -> NDArray[np.generic]:
        """Labels as 0 and 1 (n, k) float64, not-a-number where it is unknown whether a label is there.

        Raises:
            DataError: rows without target, labels that were not there when the task was made, or other numbers than 0
                and 1, with their rows.
        """
        if column.ndim == 2:
            return self._of_columns(np.asarray(column, dtype=np.float64), ids)
        index = {label: number for number, label in enumerate(self.labels)}
        refuse_missing(column.tolist(), ids)
        unknown = [(row, label) for row, given in enumerate(column) for label in given if label not in index]
        if unknown:
            raise DataError(
                f"{len(unknown)} labels are not among those of the training split{first_of(len(unknown))}",
                legal=f"labels are {some(self.labels)}",
                remedy="correct them, or put rows with these labels into the training split",
                faults=[Fault(where=ids[row], met=f"label {label!r}") for row, label in unknown[:MOST_FAULTS]],
            )
        encoded = np.zeros((len(column), len(self.labels)))
        for row, given in enumerate(column):
            encoded[row, [index[label] for label in given]] = 1.0
        return encoded

    def _of_columns(self, amounts: NDArray[np.float64], ids: Sequence[str]) -> NDArray[np.float64]:
        refuse_places(
            ~np.isnan(amounts) & (amounts != 0) & (amounts != 1),
            amounts,
            ids,
            self.labels,
            met="other than 0 and 1",
            legal="1 where a label is there, 0 where not, empty where nobody knows",
            remedy="correct them; for shares of classes say `task: classification`, for amounts `task: regression`",
        )
        refuse_empty_rows(~np.isnan(amounts), ids)
        return amounts

    def name_of(self, encoded: object) -> str:
        """The labels that are there; `nothing` where none is."""
        there = [name for name, value in zip(self.labels, np.asarray(encoded).tolist(), strict=True) if value == 1]
        return ", ".join(there) or "nothing"

    def stack(self, targets: Sequence[object]) -> Tensor:
        """0, 1 and not-a-number (b, k) float32."""
        return torch.as_tensor(np.asarray(targets, dtype=np.float32))

    def loss(self, outputs: Outputs, batch: Batch) -> Loss:
        """Binary cross-entropy of logits (b, k) against 0 and 1 (b, k), where these are known.

        Raises:
            UsageError: the model returned something else.
        """
        logits, target = logits_of(outputs, batch, len(self.labels), each="one logit a label"), target_of(batch)
        known = ~torch.isnan(target)
        nats = binary_cross_entropy(logits, torch.where(known, target, 0))
        return over_places(torch.where(known, nats, 0), known, batch.weight)

    def chance_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The loss of a probability of one half everywhere, log 2."""
        return math.log(2)

    def prior_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The loss of answering each label's frequency: the mean over known places of its entropy."""
        table = targets.astype(np.float64)
        known = (~np.isnan(table)).sum(axis=0)
        shares = np.nansum(table, axis=0) / np.maximum(known, 1)
        nats = entropy(np.stack([shares, 1 - shares], axis=1))
        return float((nats * known).sum() / max(int(known.sum()), 1))

    def decode(self, outputs: Outputs, batch: Batch) -> NDArray[np.generic]:
        """The probability (b, k) of each label, float64."""
        logits = logits_of(outputs, batch, len(self.labels), each="one logit a label").detach().double()
        probabilities: NDArray[np.float64] = torch.sigmoid(logits).cpu().numpy()
        return probabilities

    def tabulate(
        self,
        ids: Sequence[str],
        targets: NDArray[np.generic],
        answers: Sequence[object] | NDArray[np.generic],
        weights: NDArray[np.float64] | None = None,
    ) -> Predictions:
        """Probabilities beside 0 and 1; the cost is the mean of -log p over known labels.

        The merit is the F1 of the example's own labels, 2 hits / (true + given), and 1 where rightly none is given: the
        example's part in micro F1, on its own scale.
        """
        truth = np.asarray(targets, dtype=np.float64).reshape(-1, len(self.labels))
        answer = np.asarray(answers, dtype=np.float64).reshape(truth.shape)
        known = ~np.isnan(truth)
        decided = (answer >= THRESHOLD).astype(np.float64)
        given = np.where(truth == 1, answer, 1 - answer)
        nats = np.where(known, -np.log(np.maximum(given, np.finfo(np.float64).tiny)), 0.0)
        hits = np.where(known, truth * decided, 0.0).sum(axis=1)
        named = np.where(known, truth + decided, 0.0).sum(axis=1)
        return Predictions(
            ids=tuple(ids),
            target=truth,
            answer=answer,
            decided=decided,
            cost=nats.sum(axis=1) / np.maximum(known.sum(axis=1), 1),
            merit=np.divide(2 * hits, named, out=np.ones(len(truth)), where=named > 0),
            weight=np.ones(len(truth)) if weights is None else weights,
        )

    def points(self, predictions: Predictions) -> Mapping[str, float]:
        """Micro F1, and the share of rows in which every known label is right."""
        truth, decided = predictions.target.astype(np.float64), predictions.decided.astype(np.float64)
        known = ~np.isnan(truth)
        hits = float(np.where(known, truth * decided, 0.0).sum())
        named = float(np.where(known, truth + decided, 0.0).sum())
        exact = ((truth == decided) | ~known).all(axis=1)
        return {"micro_f1": 2 * hits / named if named else math.nan, "exact_match": float(exact.mean())}

    def measure(self, predictions: Predictions) -> Measures:
        """Scores with their intervals, and those of each label.

        Raises:
            TrainingError: probabilities that are not finite.
        """
        refuse_unscorable(predictions)
        tables = (predictions.target, predictions.decided, predictions.answer)
        measured = multilabel_scores(*tables)
        support = np.nansum(predictions.target.astype(np.float64), axis=0)
        classes = tuple(
            ClassScores(
                label=label,
                support=int(support[number]),
                scores=tuple(as_score(name, measure) for name, measure in of_label.items()),
            )
            for number, (label, of_label) in enumerate(zip(self.labels, label_scores(*tables), strict=True))
        )
        return Measures(scores=tuple(as_score(name, measured[name]) for name in self.scores), classes=classes)
