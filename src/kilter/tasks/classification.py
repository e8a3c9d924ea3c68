"""Classification: each example is of one of several classes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, final

import numpy as np
import torch
from torch.nn import functional

from kilter.metrics.classification import classification_scores, joint_counts
from kilter.metrics.confusion import agreements, averages, class_scores, labels_read, margins
from kilter.metrics.ranking import average_precision
from kilter.tasks.outputs import logits_of, target_of
from kilter.tasks.scores import as_score, refuse_unscorable
from kilter.values.errors import DataError, Fault
from kilter.values.evaluation import ClassScores, Confusion, Measures
from kilter.values.predictions import Predictions
from kilter.values.task import Loss

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from kilter.values.batch import Batch
    from kilter.values.task import Outputs

LEADS: Final = ("accuracy", "balanced_accuracy")
IMBALANCED: Final = 0.8  # share of the largest class from which on accuracy mostly counts that class
MOST_FAULTS: Final = 20
_REPORTED: Final = ("accuracy", "balanced_accuracy", "macro_f1", "mcc", "log_loss", "roc_auc", "average_precision")
_SMALLER_IS_BETTER: Final = frozenset({"log_loss"})


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """One of k classes: k logits, cross-entropy, two classes included.

    Attributes:
        labels: the classes in the order of the logits.
        lead: the score that decides, `accuracy` or `balanced_accuracy`.
        rare: the class whose ranking `roc_auc` and `average_precision` judge where there are two: the rarer one.
    """

    labels: tuple[str, ...]
    lead: str = "accuracy"
    rare: int = 1

    name: ClassVar[str] = "classification"
    per_example: ClassVar[bool] = True
    baselines: ClassVar[tuple[str, ...]] = ("majority", "linear", "boosted")

    def __post_init__(self) -> None:
        if len(self.labels) < 2 or len(set(self.labels)) < len(self.labels):
            message = f"labels = {self.labels!r}: two or more different ones are legal; look at the target column"
            raise ValueError(message)
        if self.lead not in LEADS:
            message = f"lead = {self.lead!r}: legal are {', '.join(LEADS)}"
            raise ValueError(message)

    @staticmethod
    def of(column: NDArray[np.generic], ids: Sequence[str]) -> Classification:
        """The task that a target column (n,) describes: its labels sorted, and which score leads.

        Balanced accuracy leads where one class holds more than 80 % of the rows: accuracy would count little else.

        Raises:
            DataError: a target is missing, or all are the same.
        """
        missing = [ids[row] for row, value in enumerate(column.tolist()) if _is_missing(value)]
        if missing:
            raise _missing(missing)
        counts = Counter(map(label_of, column.tolist()))
        order = _in_order(counts)
        if len(order) < 2:
            raise DataError(
                f"all {len(column)} targets are {order[0]!r}" if order else "there are no targets",
                legal="two or more classes; with one there is nothing to learn",
                remedy="look at the target column, or at how the rows were chosen",
            )
        lead = "balanced_accuracy" if max(counts.values()) > IMBALANCED * len(column) else "accuracy"
        rare = min(range(len(order)), key=lambda index: (counts[order[index]], -index))
        return Classification(labels=order, lead=lead, rare=rare)

    @property
    def outputs(self) -> int:
        """Logits a model gives."""
        return len(self.labels)

    def describe(self) -> Mapping[str, object]:
        """The task as JSON."""
        return {"name": self.name, "labels": list(self.labels), "lead": self.lead, "rare": self.rare}

    def encode(self, column: NDArray[np.generic], ids: Sequence[str]) -> NDArray[np.generic]:
        """Labels (n,) as class indices, int64.

        Raises:
            DataError: labels that are missing or were not there when the task was made, with their rows.
        """
        index = {label: number for number, label in enumerate(self.labels)}
        values = column.tolist()
        encoded = np.array([-1 if _is_missing(v) else index.get(label_of(v), -1) for v in values], np.int64)
        if (encoded < 0).any():
            rows = np.flatnonzero(encoded < 0)
            faults = [
                Fault(
                    where=ids[row], met="the label is missing" if _is_missing(values[row]) else f"label {values[row]!r}"
                )
                for row in rows[:MOST_FAULTS]
            ]
            more = f" (the first {MOST_FAULTS} follow)" if len(rows) > MOST_FAULTS else ""
            raise DataError(
                f"{len(rows)} of {len(values)} targets are not among the labels of the training split{more}",
                legal=f"labels are {_some(self.labels)}",
                remedy="correct them, or put rows of these classes into the training split",
                faults=faults,
            )
        return encoded

    def name_of(self, encoded: object) -> str:
        """The label of a class index."""
        return self.labels[int(encoded)]  # type: ignore[call-overload]

    def stack(self, targets: Sequence[object]) -> Tensor:
        """Class indices (b,) int64."""
        return torch.as_tensor(np.asarray(targets, dtype=np.int64))

    def loss(self, outputs: Outputs, batch: Batch) -> Loss:
        """Cross-entropy of logits (b, k) against class indices (b,), weighted by example.

        Raises:
            UsageError: the model returned something else.
        """
        each = functional.cross_entropy(logits_of(outputs, batch, len(self.labels)), target_of(batch), reduction="none")
        return Loss(torch.dot(each, batch.weight.to(each.dtype)), batch.weight.sum(), each)

    def chance_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The loss of uniform probabilities, log k."""
        return math.log(len(self.labels))

    def prior_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The loss of answering the classes' frequencies each time: their entropy."""
        shares = np.bincount(targets.astype(np.int64), minlength=len(self.labels)) / len(targets)
        shares = shares[shares > 0]
        return float(-(shares * np.log(shares)).sum())

    def decode(self, outputs: Outputs, batch: Batch) -> NDArray[np.generic]:
        """Probabilities (b, k) of the classes, float64."""
        logits = logits_of(outputs, batch, len(self.labels)).detach().double()
        probabilities: NDArray[np.float64] = functional.softmax(logits, dim=-1).cpu().numpy()
        return probabilities

    def tabulate(
        self,
        ids: Sequence[str],
        targets: NDArray[np.generic],
        answers: Sequence[object] | NDArray[np.generic],
        weights: NDArray[np.float64] | None = None,
    ) -> Predictions:
        """Probabilities beside class indices; the cost is -log p of the true class.

        The merit is 1 for right and 0 for wrong. Where balanced accuracy leads, right counts n / (k n_c) for each of
        the n_c examples of its class, so that the mean is the balanced accuracy.
        """
        truth = np.asarray(targets, dtype=np.int64)
        probabilities = np.asarray(answers, dtype=np.float64).reshape(len(truth), len(self.labels))
        decided = probabilities.argmax(axis=1)
        true_share = probabilities[np.arange(len(truth)), truth]
        merit = (decided == truth).astype(np.float64)
        if self.lead == "balanced_accuracy" and len(truth):
            support = np.bincount(truth, minlength=len(self.labels))
            merit *= len(truth) / (np.count_nonzero(support) * support[truth])
        return Predictions(
            ids=tuple(ids),
            target=truth,
            answer=probabilities,
            decided=decided,
            cost=-np.log(np.maximum(true_share, np.finfo(np.float64).tiny)),
            merit=merit,
            weight=np.ones(len(truth)) if weights is None else weights,
        )

    def points(self, predictions: Predictions) -> Mapping[str, float]:
        """Accuracy, balanced accuracy and macro F1."""
        of = margins(joint_counts(predictions.target, predictions.decided, len(self.labels)))
        agreement = agreements(of)
        return {
            "accuracy": float(agreement["accuracy"]),
            "balanced_accuracy": float(agreement["balanced_accuracy"]),
            "macro_f1": float(averages(of, labels_read(of, "observed"))["macro_f1"]),
        }

    def measure(self, predictions: Predictions) -> Measures:
        """Scores with their intervals, those of each class, and who was taken for whom.

        Raises:
            TrainingError: probabilities that are not finite.
        """
        refuse_unscorable(predictions)
        target, decided = predictions.target, predictions.decided
        two = len(self.labels) == 2
        measured = classification_scores(target, decided, len(self.labels), probabilities=predictions.answer)
        if two and self.rare == 0:  # the ranking of the first class is that of the second, turned round
            measured["average_precision"] = average_precision(target == 0, predictions.answer[:, 0])
        names = [self.lead, *(name for name in _REPORTED if name != self.lead and name in measured)]
        scores = [as_score(n, measured[n], larger_is_better=n not in _SMALLER_IS_BETTER) for n in names]
        counts = joint_counts(target, decided, len(self.labels))
        classes = tuple(
            ClassScores(
                label=label,
                support=int(counts[number].sum()),
                scores=tuple(as_score(name, measure) for name, measure in of_class.items()),
            )
            for number, (label, of_class) in enumerate(zip(self.labels, class_scores(counts), strict=True))
        )
        confusion = Confusion(labels=self.labels, counts=tuple(tuple(row) for row in counts.tolist()))
        return Measures(scores=tuple(scores), classes=classes, confusion=confusion)


def label_of(value: object) -> str:
    """A raw target as a label: whole numbers without their point, everything else as it is written.

    >>> label_of(3.0), label_of(True), label_of("x")
    ('3', 'True', 'x')
    """
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _in_order(labels: Iterable[str]) -> tuple[str, ...]:
    """By number where all are finite numbers, else by letter; the same whatever order they come in."""
    words = sorted(labels)
    try:
        numbers = {word: float(word) for word in words}
    except ValueError:
        return tuple(words)
    return tuple(sorted(words, key=numbers.__getitem__) if all(map(math.isfinite, numbers.values())) else words)


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value) or (isinstance(value, float) and math.isnan(value))


def _missing(ids: Sequence[str]) -> DataError:
    return DataError(
        f"{len(ids)} targets are missing" + (f" (the first {MOST_FAULTS} follow)" if len(ids) > MOST_FAULTS else ""),
        legal="every row to learn from has a target",
        remedy="fill them in, or leave these rows out",
        faults=[Fault(where=name, met="no target") for name in ids[:MOST_FAULTS]],
    )


def _some(labels: Sequence[str], most: int = 10) -> str:
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(repr(label) for label in labels[:most]) + more
