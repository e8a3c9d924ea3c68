"""Tasks: what is learnt. The only place that knows the kind of problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from kilter.values.batch import Batch
    from kilter.values.evaluation import Measures
    from kilter.values.predictions import Predictions

Outputs: TypeAlias = "Tensor | Mapping[str, Tensor]"
"""What a model returns: one tensor, or one a head."""


IGNORED: Final = -100
"""The target of a place that is not judged: padding, or context that only leads up to what is."""


class Form(StrEnum):
    """What a model answers; it decides how inputs are encoded and which models can be taken.

    b examples of t tokens, k answers each; s tokens of a target text.
    """

    ROW = "row"  # (b, k): one answer an example
    TOKEN = "token"  # noqa: S105 - no password; (b, t, k): one for each token, which may look at the tokens after it
    NEXT = "next"  # (b, t, k): what follows each token, which must not look at the tokens after it
    TEXT = "text"  # (b, s, k): what follows each token of `answers`, the target text up to there, given the inputs
    MATCH = "match"  # {"left": (b, d), "right": (b, d)}: the inputs, and the texts of `answers`, in one space


class Tokens(NamedTuple):
    """What the ids of target texts mean.

    Attributes:
        entries: the token of each id, those of padding and marks empty.
        joiner: what stands between two tokens of a text: a space, or nothing.
        unit: what a token is, in a word: word, character, piece.
    """

    entries: tuple[str, ...]
    joiner: str
    unit: str


class Loss(NamedTuple):
    """A loss that can be accumulated: a sum over valid items, and the sum of their weights.

    Attributes:
        total: scalar, the weighted sum.
        weight: scalar, the sum of the weights; total / weight is the loss that is reported.
        each: (b,) loss of each example, or None where the task has no per-example loss (a contrastive loss, say).
    """

    total: Tensor
    weight: Tensor
    each: Tensor | None


class Task(Protocol):
    """A kind of problem: its legal targets, its loss, how outputs are read, how answers are scored."""

    @property
    def name(self) -> str:
        """The name a person would use, for messages; nobody decides by it."""

    @property
    def form(self) -> Form:
        """What a model answers."""

    @property
    def outputs(self) -> int:
        """The size of a model's last dimension (logits, values); for several tasks the sum over heads."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes; empty where there are none."""

    @property
    def per_example(self) -> bool:
        """Whether the loss is a sum over examples, so that accumulation leaves it as it is."""

    @property
    def merit(self) -> str:
        """What the mean of all merits of `tabulate` is, in a reader's words (the larger the better)."""

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of the scores that `measure` gives, the one that decides first; some need answers of a kind."""

    @property
    def baselines(self) -> tuple[str, ...]:
        """Names of the simple models of `models/baselines` that a network must beat, the simplest first."""

    def describe(self) -> Mapping[str, object]:
        """The task as JSON, from which `tasks/reading.py` makes it again."""

    def encode(self, column: NDArray[np.generic], ids: Sequence[str]) -> NDArray[np.generic]:
        """Raw targets (n,) as numbers; float64 or int64, or an object array of sequences.

        Raises:
            DataError: illegal targets, all of them, with their ids, up to a cap.
        """

    def name_of(self, encoded: object) -> str:
        """An encoded target or decision as a person reads it."""

    def stack(self, targets: Sequence[object]) -> Tensor:
        """Encoded targets of a batch as one tensor, padded where they are sequences."""

    def loss(self, outputs: Outputs, batch: Batch) -> Loss:
        """The loss of a batch; differentiable in `total`."""

    def chance_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The loss of a model that knows nothing of the inputs: uniform over classes, or zero output.

        None where theory says nothing. `targets` are encoded; some losses depend on them.
        """

    def prior_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The loss of the best constant answer: class frequencies, or the mean."""

    def decode(self, outputs: Outputs, batch: Batch) -> Sequence[object] | NDArray[np.generic]:
        """A model's outputs as one answer an example (numpy): probabilities (k,), a value, a sequence."""

    def tabulate(
        self,
        ids: Sequence[str],
        targets: NDArray[np.generic],
        answers: Sequence[object] | NDArray[np.generic],
        weights: NDArray[np.float64] | None = None,
    ) -> Predictions:
        """Answers beside targets: decisions, costs, merits. Baselines come in by this door, too."""

    def points(self, predictions: Predictions) -> Mapping[str, float]:
        """The main scores alone, without intervals, for curves; quick enough for every evaluation."""

    def measure(self, predictions: Predictions) -> Measures:
        """Scores with their intervals, the primary one first."""
