"""Generation: the next token of a text, given those before it, and what is asked where something is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final, final

import numpy as np
import torch
from torch.nn import functional

from kilter.metrics.intervals import bootstrap_mean
from kilter.metrics.measure import Measure
from kilter.metrics.text import text_scores
from kilter.tasks.choices import USUAL, chosen_loss, described
from kilter.tasks.losses import over_tokens
from kilter.tasks.outputs import only, target_of
from kilter.tasks.scores import as_score, refuse_infinite
from kilter.tasks.targets import MOST_FAULTS, padded
from kilter.values.errors import DataError, Fault, UsageError
from kilter.values.evaluation import Measures
from kilter.values.predictions import Predictions
from kilter.values.recipe import LossChoice
from kilter.values.task import IGNORED, Form, Loss

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from kilter.values.batch import Batch
    from kilter.values.task import Outputs, Tokens

LOSSES: Final = {"cross_entropy": ("smoothing",)}
UNKNOWN: Final = 1
UNKNOWN_TEXT: Final = "[unknown]"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One of V tokens at each place: V logits, cross-entropy; nats per token lead, the fewer the better.

    An answer to an example is an array (n, 2): the nats that each of its n tokens cost, and the token that was held for
    the likeliest. A text that was written freely is a decision, not an answer: see `measure`.

    Attributes:
        entries: the token of each id, those of padding and marks empty.
        joiner: what stands between two tokens of a text.
        unit: what a token is: word, character, piece.
        form: `next` where a text goes on, `text` where one is the answer to inputs.
        choice: cross-entropy, and how much it is smoothed.
    """

    entries: tuple[str, ...]
    joiner: str
    unit: str
    form: Form = Form.NEXT
    choice: LossChoice = USUAL

    name: ClassVar[str] = "generation"
    labels: ClassVar[tuple[str, ...]] = ()
    per_example: ClassVar[bool] = True
    baselines: ClassVar[tuple[str, ...]] = ("unigram", "ngram")

    def __post_init__(self) -> None:
        if self.form not in {Form.NEXT, Form.TEXT}:
            message = f"form = {self.form!r}: legal are {Form.NEXT} and {Form.TEXT}"
            raise ValueError(message)
        if len(self.entries) < 2:
            message = f"{len(self.entries)} tokens: two or more are legal; look at the vocabulary"
            raise ValueError(message)
        chosen_loss(self.choice, LOSSES, task="generation")

    @staticmethod
    def of(
        column: NDArray[np.generic],
        *,
        tokens: Tokens | None,
        form: Form = Form.NEXT,
        loss: LossChoice = USUAL,
    ) -> Generation:
        """The task of texts that are ids already, (n,) sequences.

        Raises:
            DataError: there is nothing to learn: no tokens, or the same text each time.
            RecipeError: a loss or a setting of it that it does not have.
        """
        if tokens is None or not any(map(len, column)):
            raise DataError("there is no text to learn", legal="texts with tokens", remedy="look at the target column")
        task = Generation(entries=tokens.entries, joiner=tokens.joiner, unit=tokens.unit, form=form, choice=loss)
        if len(column) > 1 and len({tuple(map(int, row)) for row in column}) == 1:
            raise DataError(
                f"all {len(column)} texts to learn are {task.name_of(column[0])[:80]!r}",
                legal="texts that differ; with one there is nothing to learn",
                remedy="look at the target column",
            )
        return task

    @property
    def outputs(self) -> int:
        """Logits a model gives at each place."""
        return len(self.entries)

    @property
    def lead(self) -> str:
        """The score that decides."""
        return "nats_per_character" if self.unit == "character" else "nats_per_token"

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of the scores; those of texts are measured where the model has written some."""
        bits = ("bits_per_character",) if self.unit == "character" else ()
        of_texts = ("exact_match", "token_f1", "chrf") if self.form is Form.TEXT else ()
        return (self.lead, "perplexity", *bits, "token_accuracy", *of_texts)

    @property
    def merit(self) -> str:
        """What the mean merit is."""
        return f"negative {self.lead.replace('_', ' ')}"

    def describe(self) -> Mapping[str, object]:
        """The task as JSON."""
        return {
            "name": self.name,
            "entries": list(self.entries),
            "joiner": self.joiner,
            "unit": self.unit,
            "form": str(self.form),
            "choice": described(self.choice),
        }

    def encode(self, column: NDArray[np.generic], ids: Sequence[str]) -> NDArray[np.generic]:
        """Texts (n,), each a sequence of ids, as an object array of int64 arrays.

        Raises:
            DataError: something that is no id of this vocabulary, with its rows.
        """
        encoded = np.empty(len(column), dtype=object)
        faults: list[Fault] = []
        for row, text in enumerate(column):
            try:
                encoded[row] = np.asarray(text, dtype=np.int64).reshape(-1)
            except (TypeError, ValueError):
                faults.append(Fault(where=ids[row], met=f"{text!r:.60}"))
                continue
            if len(encoded[row]) and not 0 <= encoded[row].min() <= encoded[row].max() < len(self.entries):
                faults.append(Fault(where=ids[row], met=f"ids up to {encoded[row].max()}"))
        if faults:
            raise DataError(
                f"{len(faults)} of {len(column)} targets are no texts of this vocabulary",
                legal=f"sequences of ids from 0 to {len(self.entries) - 1}",
                remedy="encode them with the preprocessing that made the task",
                faults=faults[:MOST_FAULTS],
            )
        return encoded

    def name_of(self, encoded: object) -> str:
        """The text of a sequence of ids; marks are left out."""
        ids = np.asarray(encoded, dtype=np.int64).reshape(-1).tolist()
        tokens = [UNKNOWN_TEXT if id_ == UNKNOWN else self.entries[id_] for id_ in ids if id_ != IGNORED]
        return self.joiner.join(token for token in tokens if token)

    def stack(self, targets: Sequence[object]) -> Tensor:
        """Sequences of ids as (b, t) int64, padded to the right with what is not judged."""
        return padded(targets)

    def loss(self, outputs: Outputs, batch: Batch) -> Loss:
        """Cross-entropy of logits (b, t, V) against the judged ones of the targets (b, t); an example's is their sum.

        Raises:
            UsageError: the model returned something else.
        """
        nats, judged = self._nats(outputs, batch, smoothing=self.choice.smoothing)
        return over_tokens(nats.sum(dim=1), judged, batch.weight)

    def chance_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The loss of uniform probabilities, log V."""
        return math.log(len(self.entries))

    def prior_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The loss of answering each token's frequency every time: their entropy, as the loss is smoothed."""
        counts = np.bincount(np.concatenate([np.asarray(target) for target in targets]), minlength=len(self.entries))
        spread = self.choice.smoothing
        shares = (1 - spread) * counts / counts.sum() + spread / len(counts)
        shares = shares[shares > 0]
        return float(-(shares * np.log(shares)).sum())

    def decode(self, outputs: Outputs, batch: Batch) -> list[NDArray[np.float64]]:
        """For each example (n, 2): the nats of its n judged tokens, not smoothed, and which token was likeliest."""
        nats, judged = self._nats(outputs, batch, smoothing=0.0)
        both = torch.stack([nats.double(), only(outputs).argmax(dim=-1).double()], dim=-1).detach().cpu()
        return [row[seen].numpy() for row, seen in zip(both, judged.cpu(), strict=True)]

    def tabulate(
        self,
        ids: Sequence[str],
        targets: NDArray[np.generic],
        answers: Sequence[object] | NDArray[np.generic],
        weights: NDArray[np.float64] | None = None,
    ) -> Predictions:
        """Answers beside texts; the cost is an example's mean nats, its weight is multiplied by its tokens.

        The merit is minus its nats, divided by the mean number of tokens, so that the mean merit is minus the score.
        Answers of (n,) nats alone, of a model that does not say which token it would take, are legal; so are (0,) ones
        where nothing was judged. What is decided is the likeliest token each time; of form TEXT nothing is, until the
        model has written for itself, since a text that leans on the true one word by word is none of its own.
        """
        truth, told, decided = (np.empty(len(ids), dtype=object) for _ in range(3))
        for row, (target, answer) in enumerate(zip(targets, answers, strict=True)):
            told[row] = _told(answer)
            truth[row] = np.asarray(target, dtype=np.int64).reshape(-1)
            decided[row] = told[row][:, 1].astype(np.int64)[: len(told[row]) if self.form is Form.NEXT else 0]
        sums, tokens = _sums(told)
        return Predictions(
            ids=tuple(ids),
            target=truth,
            answer=told,
            decided=decided,
            cost=sums / np.maximum(tokens, 1),
            merit=-sums * (len(sums) / max(tokens.sum(), 1)),
            weight=tokens.astype(np.float64) if weights is None else tokens * weights,
        )

    def points(self, predictions: Predictions) -> Mapping[str, float]:
        """Nats of a token, and the share of tokens that were held for the likeliest."""
        sums, tokens = _sums(predictions.answer)
        right = _right(predictions)
        total = max(tokens.sum(), 1)
        known = {} if right is None else {"token_accuracy": float(right.sum() / total)}
        return {self.lead: float(sums.sum() / total), **known}

    def measure(self, predictions: Predictions) -> Measures:
        """Nats of a token with the interval of resampled examples, and what follows from them.

        Where the model has written texts, those are compared with the true ones as well: `exact_match`, `token_f1`,
        `chrf`.

        Raises:
            TrainingError: answers that are not finite.
        """
        finite = np.isfinite(predictions.cost)
        refuse_infinite(predictions, finite, met="texts cost no finite number of nats", each="not finite")
        sums, tokens = _sums(predictions.answer)
        tokens = tokens.astype(np.float64)
        mean = sums / np.maximum(tokens, 1)
        nats = bootstrap_mean(mean, tokens)
        measured = {self.lead: nats, "perplexity": _through(nats, math.exp)}
        if self.unit == "character":
            measured["bits_per_character"] = _through(nats, lambda value: value / math.log(2))
        right = _right(predictions)
        if right is not None:
            measured["token_accuracy"] = bootstrap_mean(right / np.maximum(tokens, 1), tokens)
        if self.form is Form.TEXT and any(map(len, predictions.decided)):
            texts = [(self.name_of(t), self.name_of(d)) for t, d in _pairs(predictions)]
            measured |= text_scores(*zip(*texts, strict=True), joiner=self.joiner)
        smaller = {self.lead, "perplexity", "bits_per_character"}
        return Measures(scores=tuple(as_score(n, m, larger_is_better=n not in smaller) for n, m in measured.items()))

    def _nats(self, outputs: Outputs, batch: Batch, *, smoothing: float) -> tuple[Tensor, Tensor]:
        """Nats of each place (b, t), 0 where none is judged, and where one is (b, t)."""
        logits, target = only(outputs), target_of(batch)
        if logits.shape != (*target.shape, len(self.entries)) or not logits.is_floating_point():
            raise UsageError(
                f"the model returned numbers of shape {tuple(logits.shape)} for targets {tuple(target.shape)}",
                legal=f"({target.shape[0]}, {target.shape[1]}, {len(self.entries)}) is legal: one logit a token",
                remedy="end the model with a linear layer over every place",
            )
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))  # sums over places need the digits
        nats = functional.cross_entropy(
            logits.flatten(0, 1), target.flatten(), reduction="none", ignore_index=IGNORED, label_smoothing=smoothing
        )
        return nats.view_as(target), target != IGNORED


def _told(answer: object) -> NDArray[np.float64]:
    """An answer (n, 2), the second column `IGNORED` where nobody said which token is likeliest."""
    told = np.asarray(answer, dtype=np.float64)
    if told.ndim == 2 or not told.size:
        return told.reshape(-1, 2)
    return np.stack([told, np.full(len(told), float(IGNORED))], axis=1)


def _sums(answers: NDArray[np.generic]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The nats (n,) of each example, and its tokens (n,)."""
    told = [_told(answer) for answer in answers]
    sums = np.array([answer[:, 0].sum() for answer in told], dtype=np.float64)
    return sums, np.array([len(answer) for answer in told], dtype=np.int64)


def _right(predictions: Predictions) -> NDArray[np.float64] | None:
    """How many tokens (n,) of each example were held for the likeliest; None where nobody said which are."""
    told = [_told(answer)[:, 1] for answer in predictions.answer]
    if any((likeliest == IGNORED).any() for likeliest in told):
        return None
    pairs = zip(told, predictions.target, strict=True)
    return np.array([(likeliest == np.asarray(target)).sum() for likeliest, target in pairs], dtype=np.float64)


def _pairs(predictions: Predictions) -> zip[tuple[object, object]]:
    return zip(predictions.target, predictions.decided, strict=True)


def _through(measure: Measure, function: Callable[[float], float]) -> Measure:
    """A measure in another unit; the function rises."""
    if measure.value is None:
        return measure
    low, high = measure.low, measure.high
    return replace(
        measure,
        value=function(measure.value),
        low=None if low is None else function(low),
        high=None if high is None else function(high),
    )
