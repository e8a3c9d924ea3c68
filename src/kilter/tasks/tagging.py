"""Tagging: each token has a tag, and tags say spans."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Literal, TypeAlias, final

import numpy as np
import torch
from torch.nn import functional

from kilter.metrics.spans import SpanCounts, count_spans, malformed_share, span_scores, type_scores
from kilter.metrics.tags import OUTSIDE, as_iob2, iob2_labels, legal_transitions, most_likely, parted
from kilter.tasks.choices import USUAL, chosen_loss, described
from kilter.tasks.constants import entropy
from kilter.tasks.losses import over_tokens
from kilter.tasks.outputs import only, target_of
from kilter.tasks.scores import as_score, refuse_unscorable
from kilter.tasks.targets import MOST_FAULTS, first_of, padded, refuse_missing, some
from kilter.values.errors import DataError, Fault, UsageError
from kilter.values.evaluation import ClassScores, Measures
from kilter.values.predictions import Predictions
from kilter.values.recipe import LossChoice
from kilter.values.task import IGNORED, Form, Loss

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from kilter.values.batch import Batch
    from kilter.values.task import Outputs

Reading: TypeAlias = Literal["strict", "lenient"]
"""How spans are read from tags: none that the scheme does not allow, or begun by an `I` that goes on from none, too."""

DIGITS: Final = 6  # of the probabilities that predictions keep: those of each token would fill the disk otherwise
_LOSSES: Final = {"cross_entropy": ("smoothing",)}
_REPORTED: Final = {
    "span_f1": "span_f1",
    "precision": "span_precision",
    "recall": "span_recall",
    "macro_f1": "macro_f1",
    "token_accuracy": "token_accuracy",
    "token_f1": "token_f1",
}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Tagging:
    """One of k tags a token: k logits, cross-entropy; the F1 of spans with exact boundaries and type leads.

    Tags of a data set may be of IOB1, IOB2 or BIOES; inside they are IOB2 (see `metrics.tags`). The loss is the mean
    over tokens, not over sentences: each sentence brings the sum over its tokens, and weighs as many as it has.

    Read strictly, decided is the likeliest sequence of tags that the scheme allows. Read leniently, decided is the
    likeliest tag of each token, and an `I` that goes on from no span of its type begins one, as the scorer of the CoNLL
    shared tasks and seqeval without a scheme read it.

    Attributes:
        labels: `O`, then `B` and `I` of each type, in the order of the logits.
        choice: the loss that is made small, with its numbers.
        reading: strict or lenient.
    """

    labels: tuple[str, ...]
    choice: LossChoice = USUAL
    reading: Reading = "strict"

    name: ClassVar[str] = "tagging"
    form: ClassVar[Form] = Form.TOKEN
    per_example: ClassVar[bool] = True
    scores: ClassVar[tuple[str, ...]] = (*_REPORTED, "malformed")
    baselines: ClassVar[tuple[str, ...]] = ("most-frequent-tag", "window-tagger")

    def __post_init__(self) -> None:
        kinds = [label.removeprefix("B-") for label in self.labels if label.startswith("B-")]
        if not kinds or self.labels != iob2_labels(kinds):
            message = f"labels = {self.labels!r}: 'O', then 'B-' and 'I-' of each type, are legal; use `Tagging.of`"
            raise ValueError(message)
        if self.reading not in {"strict", "lenient"}:
            message = f"reading = {self.reading!r}: 'strict' and 'lenient' are legal; leave it out for strict"
            raise ValueError(message)
        chosen_loss(self.choice, _LOSSES, task="tagging")

    @staticmethod
    def of(
        column: NDArray[np.generic],
        ids: Sequence[str],
        *,
        loss: LossChoice = USUAL,
        elsewhere: Sequence[tuple[str, ...] | None] = (),
        reading: Reading = "strict",
    ) -> Tagging:
        """The task that tags describe.

        Args:
            column: sequences of str (n,) of any scheme.
            ids: names of the rows.
            loss: what is made small.
            elsewhere: tags of the splits that are not trained on; types that stand only there can be scored as missed.
            reading: of spans, strict or lenient.

        Raises:
            DataError: a row has no tags, some are tags of no scheme, or there are no spans.
            RecipeError: the loss is none of tagging.
        """
        rows = _tags_of(column, ids)
        kinds = {tag.type for tags in rows for tag in map(parted, {*tags}) if tag is not None} - {""}
        if not kinds:
            raise DataError(
                f"all {sum(map(len, rows)):,} tags are {OUTSIDE!r}" if any(rows) else "there are no tags",
                legal="spans to learn, such as 'B-name'",
                remedy="look at the target column",
            )
        others = {tag.type for tags in elsewhere for tag in map(parted, {*(tags or ())}) if tag is not None} - {""}
        return Tagging(labels=iob2_labels(kinds | others), choice=loss, reading=reading)

    @property
    def merit(self) -> str:
        """Span F1, and how spans are read where that is not strictly."""
        return "lenient span F1" if self.reading == "lenient" else "span F1"

    @property
    def outputs(self) -> int:
        """Logits a model gives for each token."""
        return len(self.labels)

    def describe(self) -> Mapping[str, object]:
        """The task as JSON."""
        told = {"name": self.name, "labels": list(self.labels), "choice": described(self.choice)}
        return told if self.reading == "strict" else {**told, "reading": self.reading}

    def encode(self, column: NDArray[np.generic], ids: Sequence[str]) -> NDArray[np.generic]:
        """Tags of any scheme (n,), each row a sequence, as an object array of label numbers (t_i,) int64, in IOB2.

        Raises:
            DataError: a row has no tags, or some that were not there when the task was made.
        """
        index = {label: number for number, label in enumerate(self.labels)}
        encoded = np.empty(len(column), dtype=object)
        unknown: list[Fault] = []
        for row, tags in enumerate(_tags_of(column, ids)):
            numbers = [index.get(tag, IGNORED) for tag in as_iob2(tags)]
            encoded[row] = np.array(numbers, dtype=np.int64)
            if IGNORED in numbers:
                place = numbers.index(IGNORED)
                unknown.append(Fault(where=ids[row], met=f"tag {tags[place]!r} of token {place + 1}"))
        if unknown:
            raise DataError(
                f"{len(unknown)} of {len(column)} rows have types that the training split has not"
                f"{first_of(len(unknown))}",
                legal=f"types are {some([label[2:] for label in self.labels[1::2]])}",
                remedy="correct them, or put rows with these types into the training split",
                faults=unknown[:MOST_FAULTS],
            )
        return encoded

    def name_of(self, encoded: object) -> str:
        """The tags of a sequence of label numbers, one after the other."""
        return " ".join(self.labels[number] for number in np.asarray(encoded, dtype=np.int64).reshape(-1).tolist())

    def stack(self, targets: Sequence[object]) -> Tensor:
        """Label numbers (b, t) int64, padded to the right with what is not judged."""
        return padded(targets)

    def loss(self, outputs: Outputs, batch: Batch) -> Loss:
        """Cross-entropy of logits (b, t, k), summed over the tokens of each sentence that are judged.

        Raises:
            UsageError: the model returned something else.
        """
        logits = self._logits(outputs, batch)
        target = _as_long(target_of(batch), logits.shape[1])
        each = functional.cross_entropy(
            logits.transpose(1, 2),
            target,
            reduction="none",
            ignore_index=IGNORED,
            label_smoothing=self.choice.smoothing,
        ).sum(dim=1)
        return over_tokens(each, target != IGNORED, batch.weight)

    def chance_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The loss of uniform probabilities, log k."""
        return math.log(len(self.labels))

    def prior_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The loss of answering the tags' frequencies for each token: their entropy, smoothed as the targets are."""
        counts = np.bincount(np.concatenate([np.zeros(0, np.int64), *targets]), minlength=len(self.labels))
        smoothing = self.choice.smoothing
        return float(entropy(counts / counts.sum() * (1 - smoothing) + smoothing / len(counts)))

    def decode(self, outputs: Outputs, batch: Batch) -> Sequence[NDArray[np.float64]]:
        """Probabilities of the tags, an array (t_i, k) float64 for each sentence."""
        shares = functional.softmax(self._logits(outputs, batch).detach().double(), dim=-1).cpu().numpy()
        mask = batch.inputs.get("mask")
        lengths = [shares.shape[1]] * len(batch) if mask is None else mask.sum(dim=1).tolist()
        return [row[:length] for row, length in zip(shares, lengths, strict=True)]

    def tabulate(
        self,
        ids: Sequence[str],
        targets: NDArray[np.generic],
        answers: Sequence[object] | NDArray[np.generic],
        weights: NDArray[np.float64] | None = None,
    ) -> Predictions:
        """Probabilities (t_i, k) beside label numbers (t_i,); decided is the likeliest sequence that IOB2 allows.

        Where spans are read leniently, decided are the likeliest tags token by token.

        Tokens that were cut off, so that nobody answered them, are taken for outside. The cost is the mean of -log p
        over the tokens that were answered. The merit of a sentence with h of its s spans found by p that were said is
        F + (2 h - F (s + p)) / m, for F the span F1 of all of these sentences and m the mean of s + p. Its mean is F,
        so that models are compared by span F1, and its variance is that of F1 to first order (the delta method; F1 is
        a ratio of means, Efron and Tibshirani 1993, An Introduction to the Bootstrap, section 10.3).
        """
        truth = [np.asarray(target, dtype=np.int64) for target in targets]
        given: list[NDArray[np.float64]] = []
        cost = np.zeros(len(ids))
        for row, (target, answer) in enumerate(zip(truth, answers, strict=True)):
            shares = np.asarray(answer, dtype=np.float64).reshape(-1, len(self.labels))[: len(target)]
            own = shares[np.arange(len(shares)), target[: len(shares)]]
            cost[row] = -np.log(np.maximum(own, np.finfo(np.float64).tiny)).mean() if len(own) else 0.0
            outside = np.zeros((len(target) - len(shares), len(self.labels)))
            outside[:, 0] = 1.0
            given.append(np.concatenate([shares, outside]))
        decided = self._likeliest(given) if self._lenient else most_likely(given, *legal_transitions(self.labels))
        return Predictions(
            ids=tuple(ids),
            target=_objects(truth),
            answer=_objects([shares.round(DIGITS) for shares in given]),
            decided=_objects(decided),
            cost=cost,
            merit=_merits(count_spans(truth, decided, self.labels, lenient=self._lenient)),
            weight=np.ones(len(ids)) if weights is None else weights,
        )

    def points(self, predictions: Predictions) -> Mapping[str, float]:
        """Span F1, precision and recall, and token accuracy."""
        counts = count_spans(predictions.target, predictions.decided, self.labels, lenient=self._lenient)
        hits, support, predicted = (int(part.sum()) for part in (counts.hits, counts.support, counts.predicted))
        return {
            "span_f1": 2 * hits / (support + predicted) if support + predicted else math.nan,
            "precision": hits / predicted if predicted else math.nan,
            "recall": hits / support if support else math.nan,
            "token_accuracy": int(counts.right.sum()) / max(1, int(counts.tokens.sum())),
        }

    def measure(self, predictions: Predictions) -> Measures:
        """Scores with their intervals, and those of each type.

        `malformed` is the share of sentences whose likeliest tags, token by token, the scheme does not allow; what is
        decided is always allowed where spans are read strictly.

        Raises:
            TrainingError: probabilities that are not finite.
        """
        refuse_unscorable(predictions)
        counts = count_spans(predictions.target, predictions.decided, self.labels, lenient=self._lenient)
        measured = span_scores(counts)
        likeliest = self._likeliest(predictions.answer)
        return Measures(
            scores=(
                *(as_score(name, measured[of]) for name, of in _REPORTED.items()),
                as_score("malformed", malformed_share(likeliest, self.labels), larger_is_better=False),
            ),
            classes=tuple(
                ClassScores(
                    label=kind,
                    support=int(counts.support[:, place].sum()),
                    scores=tuple(as_score(name, of_type[name]) for name in ("precision", "recall", "f1")),
                )
                for place, (kind, of_type) in enumerate(zip(counts.types, type_scores(counts), strict=True))
            ),
        )

    @property
    def _lenient(self) -> bool:
        return self.reading == "lenient"

    @staticmethod
    def _likeliest(shares: Sequence[NDArray[np.float64]] | NDArray[np.generic]) -> list[NDArray[np.int64]]:
        """The likeliest tag of each token, allowed there or not."""
        return [np.asarray(each).argmax(axis=1) for each in shares]

    def _logits(self, outputs: Outputs, batch: Batch) -> Tensor:
        """The logits (b, t, k), in single precision or better."""
        logits, given = only(outputs), batch.inputs.get("mask")
        shape = (len(batch), logits.shape[1] if logits.ndim == 3 else 0, len(self.labels))
        if given is not None:
            shape = (len(batch), given.shape[1], len(self.labels))
        if logits.shape != shape or logits.ndim != 3 or not logits.is_floating_point():
            raise UsageError(
                f"the model returned {str(logits.dtype).removeprefix('torch.')} numbers of shape {tuple(logits.shape)}"
                f" for {len(batch)} sentences{'' if given is None else f' of at most {given.shape[1]} tokens'}",
                legal=f"legal are floating-point numbers (examples, tokens, {len(self.labels)}), one logit a tag",
                remedy="answer each token, and end the model with a linear layer of one output a tag",
            )
        return logits.to(torch.promote_types(logits.dtype, torch.float32))


def _tags_of(column: NDArray[np.generic], ids: Sequence[str]) -> list[tuple[str, ...]]:
    """Each row's tags, all of them tags of some scheme."""
    rows = column.tolist()
    refuse_missing(rows, ids)
    known: Counter[str] = Counter(tag for tags in rows for tag in tags)
    wrong = {tag for tag in known if parted(tag) is None}
    faults = [
        Fault(where=ids[row], met=f"tag {tag!r} of token {place + 1}")
        for row, tags in enumerate(rows if wrong else ())
        for place, tag in enumerate(tags)
        if tag in wrong
    ]
    if faults:
        raise DataError(
            f"{len(faults)} of {known.total()} tags are none{first_of(len(faults))}",
            legal="'O', or B-, I-, E-, S-, L-, U- and a type, as in 'B-name'",
            remedy="correct them, or look at which column holds the tags",
            faults=faults[:MOST_FAULTS],
        )
    return [tuple(tags) for tags in rows]


def _as_long(target: Tensor, tokens: int) -> Tensor:
    """Targets (b, s) as (b, tokens): what was cut off is not judged, and neither is padding."""
    return functional.pad(target[:, :tokens], (0, max(0, tokens - target.shape[1])), value=IGNORED)


def _merits(counts: SpanCounts) -> NDArray[np.float64]:
    """What each sentence adds to span F1, to first order; 1 for all where there are no spans and none was said."""
    hits, spans = counts.hits.sum(axis=1), (counts.support + counts.predicted).sum(axis=1)
    if not spans.any():
        return np.ones(len(spans))
    f1 = 2 * hits.sum() / spans.sum()
    merits: NDArray[np.float64] = f1 + (2 * hits - f1 * spans) / spans.mean()
    return merits


def _objects(rows: Sequence[NDArray[np.generic]]) -> NDArray[np.object_]:
    column = np.empty(len(rows), dtype=object)
    for place, row in enumerate(rows):
        column[place] = row
    return column
