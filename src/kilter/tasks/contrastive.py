"""Matching: each example's input belongs to a text, and is to lie nearer to it than to the texts of others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, final

import numpy as np
import torch

from kilter.metrics.retrieval import ranks, retrieval_scores
from kilter.tasks import losses
from kilter.tasks.choices import USUAL, chosen_loss, described
from kilter.tasks.outputs import target_of
from kilter.tasks.scores import as_score, refuse_unscorable
from kilter.tasks.targets import refuse_missing
from kilter.values.errors import DataError, UsageError
from kilter.values.evaluation import Measures
from kilter.values.predictions import Predictions
from kilter.values.recipe import LossChoice
from kilter.values.task import Form, Loss

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from kilter.values.batch import Batch
    from kilter.values.task import Outputs

TEMPERATURE: Final = 0.05  # of in-batch softmax over cosines
MARGINS: Final = {"contrastive": 1.0, "triplet": 0.2}  # on the unit sphere, where the largest distance is 2
ROWS_AT_ONCE: Final = 1024  # rows whose similarities with all candidates are held at once
_LOSSES: Final = {"in_batch": ("temperature",), "contrastive": ("margin",), "triplet": ("margin",)}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Contrastive:
    """Inputs and texts as places in one space, similarity their product; the other texts of a batch are the negatives.

    Rows whose target text is the same are no negatives of each other. A row's loss depends on the batch it stands in,
    so that accumulation does not leave it as it is.

    What is scored is retrieval: the rank of the right text among all distinct texts of the split. The mean reciprocal
    rank leads, `recall_at_1` and `recall_at_10` stand beside it. Scores of splits of different sizes do not compare:
    more candidates are harder.

    Attributes:
        choice: the loss that is made small, with its numbers.
    """

    choice: LossChoice = USUAL

    name: ClassVar[str] = "contrastive"
    labels: ClassVar[tuple[str, ...]] = ()
    form: ClassVar[Form] = Form.MATCH
    outputs: ClassVar[int] = 128
    per_example: ClassVar[bool] = False
    merit: ClassVar[str] = "mean reciprocal rank"
    scores: ClassVar[tuple[str, ...]] = ("mrr", "recall_at_1", "recall_at_10")
    baselines: ClassVar[tuple[str, ...]] = ("no-preference", "tfidf-match")

    def __post_init__(self) -> None:
        chosen_loss(self.choice, _LOSSES, task="contrastive")

    @staticmethod
    def of(column: NDArray[np.generic], ids: Sequence[str], *, loss: LossChoice = USUAL) -> Contrastive:
        """The task that a column of texts (n,) describes.

        Raises:
            DataError: a text is missing, or all are the same.
            RecipeError: the loss is none of this task.
        """
        task = Contrastive(choice=loss)
        if len(np.unique(task.encode(column, ids))) < 2:
            raise DataError(
                f"all {len(column)} target texts are the same" if len(column) else "there are no targets",
                legal="texts that differ",
                remedy="look at the target column",
            )
        return task

    def describe(self) -> Mapping[str, object]:
        """The task as JSON."""
        return {"name": self.name, "choice": described(self.choice)}

    def encode(self, column: NDArray[np.generic], ids: Sequence[str]) -> NDArray[np.generic]:
        """Texts (n,) as numbers, int64: that of the first row with the same text.

        Raises:
            DataError: texts that are missing, with their rows.
        """
        texts = column.tolist()
        refuse_missing(texts, ids)
        first: dict[object, int] = {}
        return np.array([first.setdefault(text, row) for row, text in enumerate(texts)], dtype=np.int64)

    def name_of(self, encoded: object) -> str:
        """Which text it is: that of the so-and-so-many-th row of its split."""
        return f"the text of row {int(encoded) + 1}"  # type: ignore[call-overload]

    def stack(self, targets: Sequence[object]) -> Tensor:
        """Numbers of texts (b,) int64."""
        return torch.as_tensor(np.asarray(targets, dtype=np.int64))

    def loss(self, outputs: Outputs, batch: Batch) -> Loss:
        """The loss of `left` (b, d) and `right` (b, d), weighted by example; the batch gives the negatives.

        Of the contrastive loss and of triplets, an example's negatives count as their mean.

        Raises:
            UsageError: the model returned something else.
        """
        left, right = _sides(outputs, batch)
        target = target_of(batch)
        alike = target.unsqueeze(1) == target.unsqueeze(0)
        each = self._each(left, right, alike)
        return Loss(torch.dot(each, batch.weight.to(each.dtype)), batch.weight.sum(), None)

    def _each(self, left: Tensor, right: Tensor, alike: Tensor) -> Tensor:
        name, choice = self.choice.name, self.choice
        if name in MARGINS:
            margin = MARGINS[name] if choice.margin is None else choice.margin
            distance = losses.squared_distances(left, right)
            own = distance.diagonal()
            if name == "triplet":
                return losses.mean_over(losses.triplet(own.unsqueeze(1), distance, margin=margin), ~alike)
            apart = losses.contrastive(distance, torch.zeros_like(alike), margin=margin)
            return losses.contrastive(own, torch.ones_like(own, dtype=torch.bool), margin=margin) + losses.mean_over(
                apart, ~alike
            )
        return losses.in_batch(left @ right.T, alike, temperature=choice.temperature or TEMPERATURE)

    def chance_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The loss of one place for everything, these targets being one batch.

        In-batch softmax: the mean logarithm of how many candidates there are; triplets: the margin; contrastive: half
        its square. A row without negatives has only its own text to pick.
        """
        _, place, counts = np.unique(targets, return_inverse=True, return_counts=True)
        negatives = len(targets) - counts[place]
        margin = self.choice.margin or MARGINS.get(self.choice.name, 0.0)
        if self.choice.name == "triplet":
            return margin * float((negatives > 0).mean())
        if self.choice.name == "contrastive":
            return margin**2 / 2 * float((negatives > 0).mean())
        return float(np.log1p(negatives).mean())

    def prior_loss(self, targets: NDArray[np.generic]) -> float | None:
        """None: words that both texts share make a fresh model better than any constant."""
        return None

    def decode(self, outputs: Outputs, batch: Batch) -> NDArray[np.generic]:
        """The places of each input and its text (b, 2, d), float64; ranks need those of the whole split."""
        left, right = _sides(outputs, batch)
        places: NDArray[np.float64] = torch.stack([left, right], dim=1).detach().double().cpu().numpy()
        return places

    def tabulate(
        self,
        ids: Sequence[str],
        targets: NDArray[np.generic],
        answers: Sequence[object] | NDArray[np.generic],
        weights: NDArray[np.float64] | None = None,
    ) -> Predictions:
        """The rank of each right text among the distinct ones; the merit is 1 / rank, and there is no cost.

        Args:
            ids: names of the rows.
            targets: numbers of the texts (n,).
            answers: places (n, 2, d) of inputs and texts; or similarities (n, candidates) with the distinct texts, in
                the order of their numbers.
            weights: (n,) what each row counts for.
        """
        truth = np.asarray(targets, dtype=np.int64)
        given = np.asarray(answers, dtype=np.float64)
        candidates, first, own = np.unique(truth, return_index=True, return_inverse=True)
        rank, decided = np.empty(len(truth)), np.empty(len(truth), dtype=np.int64)
        for start in range(0, len(truth), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            similarity = given[rows] if given.ndim == 2 else given[rows, 0] @ given[first, 1].T
            rank[rows] = ranks(similarity, own[rows])
            decided[rows] = candidates[similarity.argmax(axis=1)]
        return Predictions(
            ids=tuple(ids),
            target=truth,
            answer=rank,
            decided=decided,
            cost=np.full(len(truth), np.nan),
            merit=1 / rank,
            weight=np.ones(len(truth)) if weights is None else weights,
        )

    def points(self, predictions: Predictions) -> Mapping[str, float]:
        """Mean reciprocal rank, and how often the right text is the first."""
        if not len(predictions):
            return {"mrr": math.nan, "recall_at_1": math.nan}
        return {"mrr": float(predictions.merit.mean()), "recall_at_1": float((predictions.answer == 1).mean())}

    def measure(self, predictions: Predictions) -> Measures:
        """Scores with their intervals.

        Raises:
            TrainingError: places that are not finite.
        """
        refuse_unscorable(predictions)
        measured = retrieval_scores(predictions.answer)
        return Measures(scores=tuple(as_score(name, measure) for name, measure in measured.items()))


def _sides(outputs: Outputs, batch: Batch) -> tuple[Tensor, Tensor]:
    """The two places of each example, (b, d) each, in single precision or better.

    Raises:
        UsageError: the model returned something else.
    """
    given: Mapping[str, Tensor] = {} if isinstance(outputs, torch.Tensor) else outputs
    left, right = given.get("left"), given.get("right")
    if left is None or right is None:
        raise UsageError(
            f"the model returned {f'a mapping of {sorted(given)}' if given else f'a {type(outputs).__name__}'}",
            legal='this task reads {"left": (b, d), "right": (b, d)}, the places of inputs and of texts',
            remedy="return both, or use the model `siamese`",
        )
    rows = len(batch)
    if left.shape != right.shape or left.ndim != 2 or len(left) != rows or not left.is_floating_point():
        raise UsageError(
            f"the model returned places of shape {tuple(left.shape)} and {tuple(right.shape)} for {rows} examples",
            legal=f"legal are floating-point numbers of one shape ({rows}, d)",
            remedy="end both sides with layers of one width",
        )
    dtype = torch.promote_types(left.dtype, torch.float32)
    return left.to(dtype), right.to(dtype)
