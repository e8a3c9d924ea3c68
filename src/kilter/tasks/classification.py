"""Classification: each example is of one of several classes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, final

import numpy as np
import torch
from torch.nn import functional

from kilter.metrics.classification import classification_scores, joint_counts
from kilter.metrics.confusion import agreements, averages, class_scores, labels_read, margins
from kilter.metrics.ranking import average_precision
from kilter.tasks.choices import USUAL, chosen_loss, described
from kilter.tasks.constants import best_focal, entropy
from kilter.tasks.losses import binary_cross_entropy, cross_entropy, distillation, focal, two_logits
from kilter.tasks.outputs import logits_of, target_of
from kilter.tasks.scores import as_score, refuse_unscorable
from kilter.tasks.targets import MOST_FAULTS, first_of, in_order, is_missing, label_of, refuse_missing, shares_in, some
from kilter.values.errors import DataError, Fault, RecipeError
from kilter.values.evaluation import ClassScores, Confusion, Measures
from kilter.values.predictions import Predictions
from kilter.values.recipe import LossChoice
from kilter.values.task import Form, Loss
from kilter.values.validation import nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from kilter.values.batch import Batch
    from kilter.values.task import Outputs

LEADS: Final = ("accuracy", "balanced_accuracy")
IMBALANCED: Final = 0.8  # share of the largest class from which on accuracy mostly counts that class
FOCUS: Final = 2.0  # of the focal loss, as Lin et al. 2017 found best
TEMPERATURE: Final = 2.0  # of distillation
_LOSSES: Final = {
    "cross_entropy": ("smoothing", "class_weights"),
    "binary_cross_entropy": ("smoothing", "class_weights"),
    "focal": ("focus", "class_weights"),
    "distillation": ("temperature",),
}
TOP: Final = 5  # answers, of which one being right is scored, too, where there are more than twice as many classes
_REPORTED: Final = (*LEADS, "macro_f1", "mcc", "log_loss")
_OF_TWO: Final = ("roc_auc", "average_precision")
_OF_MANY: Final = (f"top_{TOP}_accuracy",)
_SMALLER_IS_BETTER: Final = frozenset({"log_loss"})


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """One of k classes: k logits, cross-entropy, two classes included; other losses by name.

    `binary_cross_entropy` takes one logit, that of the second of two classes. Class weights are weights of examples: an
    example counts what its class does, in the loss and in what the loss is divided by. Targets may be shares of the
    classes (soft labels); an example then counts the mean of their weights, and its largest share is scored as its
    class.

    Attributes:
        labels: the classes in the order of the logits.
        lead: the score that decides, `accuracy` or `balanced_accuracy`.
        rare: the class whose ranking `roc_auc` and `average_precision` judge where there are two: the rarer one.
        soft: whether targets are shares (n, k) of the classes.
        choice: the loss that is made small, with its numbers.
        weights: what an example of each class counts for; empty where each counts 1.
    """

    labels: tuple[str, ...]
    lead: str = "accuracy"
    rare: int = 1
    soft: bool = False
    choice: LossChoice = USUAL
    weights: tuple[float, ...] = ()

    name: ClassVar[str] = "classification"
    form: ClassVar[Form] = Form.ROW
    per_example: ClassVar[bool] = True
    baselines: ClassVar[tuple[str, ...]] = ("majority", "linear", "boosted")

    def __post_init__(self) -> None:
        if len(self.labels) < 2 or len(set(self.labels)) < len(self.labels):
            message = f"labels = {self.labels!r}: two or more different ones are legal; look at the target column"
            raise ValueError(message)
        if self.lead not in LEADS:
            message = f"lead = {self.lead!r}: legal are {', '.join(LEADS)}"
            raise ValueError(message)
        if len(self.weights) != (len(self.labels) if self.choice.class_weights != "none" else 0):
            message = (
                f"{len(self.weights)} weights of {len(self.labels)} classes, and class_weights ="
                f" {self.choice.class_weights!r}: one a class or none is legal; make the task by `Classification.of`"
            )
            raise ValueError(message)
        self._loss()

    def _loss(self) -> str:
        """The name of the loss that is made small."""
        name = chosen_loss(self.choice, _LOSSES, task=f"classification of {len(self.labels)} classes")
        met = f"loss.name = {name!r}"
        if name == "binary_cross_entropy" and len(self.labels) > 2:
            legal = f"it is for two classes, and there are {len(self.labels)}: {some(self.labels)}"
            raise RecipeError(met, legal=legal, remedy="use cross_entropy")
        if name == "focal" and self.soft:
            raise RecipeError(met, legal="it needs one class an example, not shares", remedy="use cross_entropy")
        if name == "distillation" and not self.soft:
            legal = "it needs shares of the classes, a teacher's probabilities in one column a class"
            raise RecipeError(met, legal=legal, remedy="name those columns as the target, or use cross_entropy")
        return name

    @staticmethod
    def of(
        column: NDArray[np.generic],
        ids: Sequence[str],
        *,
        columns: tuple[str, ...] = (),
        loss: LossChoice = USUAL,
        elsewhere: Sequence[object] = (),
    ) -> Classification:
        """The task that a target column describes: its labels, their weights, and which score leads.

        Balanced accuracy leads where one class holds more than 80 % of the rows: accuracy would count little else.

        Args:
            column: labels (n,), or shares (n, k) of the classes that `columns` names.
            ids: names of the rows.
            columns: names of several columns of shares.
            loss: what is made small. Balanced class weights are n / (k n_c) for the n_c rows of a class (King and Zeng
                2001, Logistic regression in rare events data).
            elsewhere: targets of the splits that are not trained on. Classes that stand only there are classes, too:
                they are always answered wrongly, and can be scored as that.

        Raises:
            DataError: a target is missing, or all are the same.
            RecipeError: the loss is none of these targets', or weighs classes that there are not.
        """
        if column.ndim == 2:
            order = columns
            shares = shares_in(column, ids, order).sum(axis=0)
        else:
            refuse_missing(column.tolist(), ids)
            counts = Counter(map(label_of, column.tolist()))
            order = in_order({*counts, *(label_of(value) for value in elsewhere if not is_missing(value))})
            shares = np.array([counts[label] for label in order], dtype=np.float64)
        if np.count_nonzero(shares) < 2:
            raise DataError(
                f"all {len(column)} targets are {order[int(shares.argmax())]!r}"
                if len(column)
                else "there are no targets",
                legal="two or more classes; with one there is nothing to learn",
                remedy="look at the target column, or at how the rows were chosen",
            )
        return Classification(
            labels=order,
            lead="balanced_accuracy" if shares.max() > IMBALANCED * len(column) else "accuracy",
            rare=min(range(len(order)), key=lambda index: (shares[index], -index)),
            soft=column.ndim == 2,
            choice=loss,
            weights=_class_weights(loss, order, shares),
        )

    @property
    def outputs(self) -> int:
        """Logits a model gives."""
        return 1 if self.choice.name == "binary_cross_entropy" else len(self.labels)

    @property
    def merit(self) -> str:
        """What the mean merit is."""
        return self.lead.replace("_", " ")

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of the scores; those of a ranking are of two classes, top-k accuracy is of many."""
        k = len(self.labels)
        more = _OF_TWO if k == 2 else _OF_MANY if k > 2 * TOP else ()
        return (self.lead, *(name for name in (*_REPORTED, *more) if name != self.lead))

    def describe(self) -> Mapping[str, object]:
        """The task as JSON."""
        return {
            "name": self.name,
            "labels": list(self.labels),
            "lead": self.lead,
            "rare": self.rare,
            "soft": self.soft,
            "choice": described(self.choice),
            "weights": list(self.weights),
        }

    def encode(self, column: NDArray[np.generic], ids: Sequence[str]) -> NDArray[np.generic]:
        """Labels (n,) as class indices, int64; shares (n, k) as they are, float64.

        Raises:
            DataError: labels that are missing or were not there when the task was made, or what are no shares, with
                their rows.
        """
        if self.soft:
            return shares_in(column, ids, self.labels)
        index = {label: number for number, label in enumerate(self.labels)}
        values = column.tolist()
        encoded = np.array([-1 if is_missing(v) else index.get(label_of(v), -1) for v in values], np.int64)
        if (encoded < 0).any():
            rows = np.flatnonzero(encoded < 0)
            faults = [
                Fault(
                    where=ids[row], met="the label is missing" if is_missing(values[row]) else f"label {values[row]!r}"
                )
                for row in rows[:MOST_FAULTS]
            ]
            raise DataError(
                f"{len(rows)} of {len(values)} targets are not among the labels of the training split"
                f"{first_of(len(rows))}",
                legal=f"labels are {some(self.labels)}",
                remedy="correct them, or put rows of these classes into the training split",
                faults=faults,
            )
        return encoded

    def name_of(self, encoded: object) -> str:
        """The label of a class index; shares with the labels of those above 0."""
        if isinstance(encoded, np.ndarray):
            shares = zip(self.labels, encoded.tolist(), strict=True)
            return ", ".join(f"{label} {share:.3g}" for label, share in shares if share > 0)
        return self.labels[int(encoded)]  # type: ignore[call-overload]

    def stack(self, targets: Sequence[object]) -> Tensor:
        """Class indices (b,) int64, or shares (b, k) float32."""
        if self.soft:
            return torch.as_tensor(np.asarray(targets, dtype=np.float32))
        return torch.as_tensor(np.asarray(targets, dtype=np.int64))

    def loss(self, outputs: Outputs, batch: Batch) -> Loss:
        """The loss of logits (b, k), or (b, 1), against class indices (b,) or shares (b, k), weighted by example.

        Raises:
            UsageError: the model returned something else.
        """
        logits, target = logits_of(outputs, batch, self.outputs), target_of(batch)
        weight = batch.weight
        if self.weights:
            weight = weight * self._weight_of(target).to(weight)
        each = self._each(logits, target)
        return Loss(torch.dot(each, weight.to(each.dtype)), weight.sum(), each)

    def _each(self, logits: Tensor, target: Tensor) -> Tensor:
        choice = self.choice
        match choice.name:
            case "binary_cross_entropy":
                share = target[:, 1] if self.soft else target
                return binary_cross_entropy(logits[:, 0], share * (1 - choice.smoothing) + choice.smoothing / 2)
            case "focal":
                return focal(logits, target, focus=FOCUS if choice.focus is None else choice.focus)
            case "distillation":
                return distillation(logits, target, temperature=choice.temperature or TEMPERATURE)
        return cross_entropy(logits, target, smoothing=choice.smoothing)

    def _weight_of(self, target: Tensor) -> Tensor:
        """What each example counts for by its class, (b,)."""
        weights = torch.tensor(self.weights, device=target.device)
        return target.to(weights.dtype) @ weights if self.soft else weights[target]

    def chance_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The loss of uniform probabilities: log k, times (1 - 1 / k)^focus for the focal loss.

        Smoothing and weights leave it as it is. Of distillation it is T² times what the teacher's softened shares lack
        to log k.
        """
        k, choice = len(self.labels), self.choice
        if choice.name == "focal":
            return float((1 - 1 / k) ** (FOCUS if choice.focus is None else choice.focus)) * math.log(k)
        if choice.name == "distillation":
            warmth = choice.temperature or TEMPERATURE
            return warmth**2 * (math.log(k) - float(entropy(_softened(targets, warmth)).mean()))
        return math.log(k)

    def prior_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The loss of the best constant answer: of cross-entropy, the entropy of the classes' shares.

        Shares are taken as the loss takes them, smoothed and weighed. Of distillation it is the mean divergence of the
        teacher's softened shares from their mean; of the focal loss it is found numerically.
        """
        choice, k = self.choice, len(self.labels)
        rows = targets.astype(np.float64) if self.soft else np.eye(k)[targets.astype(np.int64)]
        if choice.name == "distillation":
            warmth = choice.temperature or TEMPERATURE
            teacher = _softened(rows, warmth)
            return warmth**2 * float(entropy(teacher.mean(axis=0)) - entropy(teacher).mean())
        shares = np.average(rows, axis=0, weights=rows @ self.weights if self.weights else None)
        if choice.name == "focal":
            return best_focal(shares, FOCUS if choice.focus is None else choice.focus)
        return float(entropy(shares * (1 - choice.smoothing) + choice.smoothing / k))

    def decode(self, outputs: Outputs, batch: Batch) -> NDArray[np.generic]:
        """Probabilities (b, k) of the classes, float64."""
        logits = logits_of(outputs, batch, self.outputs).detach().double()
        both = two_logits(logits[:, 0]) if self.outputs == 1 else logits
        probabilities: NDArray[np.float64] = functional.softmax(both, dim=-1).cpu().numpy()
        return probabilities

    def tabulate(
        self,
        ids: Sequence[str],
        targets: NDArray[np.generic],
        answers: Sequence[object] | NDArray[np.generic],
        weights: NDArray[np.float64] | None = None,
    ) -> Predictions:
        """Probabilities beside class indices; the cost is -log p of the true class, whatever loss was made small.

        Of shares, the largest is the true class, and the cost is the mean of -log p by shares.

        The merit is 1 for right and 0 for wrong. Where balanced accuracy leads, right counts n / (k n_c) for each of
        the n_c examples of its class, so that the mean is the balanced accuracy.
        """
        rows = len(targets)
        truth = np.asarray(targets).argmax(axis=1) if self.soft else np.asarray(targets, dtype=np.int64)
        probabilities = np.asarray(answers, dtype=np.float64).reshape(rows, len(self.labels))
        decided = probabilities.argmax(axis=1)
        nats = -np.log(np.maximum(probabilities, np.finfo(np.float64).tiny))
        merit = (decided == truth).astype(np.float64)
        if self.lead == "balanced_accuracy" and rows:
            support = np.bincount(truth, minlength=len(self.labels))
            merit *= rows / (np.count_nonzero(support) * support[truth])
        return Predictions(
            ids=tuple(ids),
            target=truth,
            answer=probabilities,
            decided=decided,
            cost=(nats * targets).sum(axis=1) if self.soft else nats[np.arange(rows), truth],
            merit=merit,
            weight=np.ones(rows) if weights is None else weights,
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
        top = (TOP,) if set(_OF_MANY) <= set(self.scores) else ()
        measured = classification_scores(target, decided, len(self.labels), probabilities=predictions.answer, top=top)
        if (
            len(self.labels) == 2 and self.rare == 0
        ):  # the ranking of the first class is that of the second, turned round
            measured["average_precision"] = average_precision(target == 0, predictions.answer[:, 0])
        scores = [as_score(n, measured[n], larger_is_better=n not in _SMALLER_IS_BETTER) for n in self.scores]
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


def _class_weights(loss: LossChoice, labels: Sequence[str], shares: NDArray[np.float64]) -> tuple[float, ...]:
    """What an example of each class counts for; empty where each counts 1."""
    given = loss.class_weights
    if given == "none":
        return ()
    if given == "balanced":  # a class that does not occur weighs nothing up, whatever it counts for
        balanced = shares.sum() / (len(shares) * np.where(shares > 0, shares, np.inf))
        return tuple(np.where(shares > 0, balanced, 1.0).tolist())
    faults = [
        Fault(met=f"loss.class_weights.{name} is the weight of no class", legal=nearest(name, labels))
        for name in given
        if name not in labels
    ]
    if faults:
        raise RecipeError(f"{len(faults)} fault{'s' * (len(faults) != 1)} in the class weights", faults=faults)
    return tuple(given.get(label, 1.0) for label in labels)


def _softened(shares: NDArray[np.generic], temperature: float) -> NDArray[np.float64]:
    """As `losses.softened`, of arrays."""
    powers = shares.astype(np.float64) ** (1 / temperature)
    softened: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return softened
