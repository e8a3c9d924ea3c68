"""Scores of tagged sequences: spans that are found with exact boundaries and type, and tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import numpy.typing as npt

from kilter.metrics.confusion import put_together, rates_of
from kilter.metrics.inputs import Integers, Reals
from kilter.metrics.intervals import Interval, proportion, resampled_measure, wilson
from kilter.metrics.measure import Measure
from kilter.metrics.resampling import Seed, resample_means
from kilter.metrics.tags import OUTSIDE, parted

Sentences = Sequence[npt.NDArray[np.generic]] | npt.NDArray[np.generic]
"""Label numbers of each sentence; also as an object array."""

RATES = ("f1", "precision", "recall")
LENIENT = "lenient spans, which an I begins that goes on from none of its type"  # the reading, in words


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SpanCounts:
    """All that span scores depend on: counts of each of n sentences and, where it says so, each of c types.

    Attributes:
        types: names of the c types, in the order in which the labels have them.
        hits: (n, c) spans of that type found with their exact boundaries.
        support: (n, c) spans that are there.
        predicted: (n, c) spans that were said.
        right: (n,) tokens whose tag is right.
        tokens: (n,) tokens.
        inside: (n, 3) tokens with a tag other than the outside one: right, there, said.
        malformed: (n,) how many `I` of what was said go on from no span of their type.
        lenient: whether such an `I` begins a span.
    """

    types: tuple[str, ...]
    hits: Integers
    support: Integers
    predicted: Integers
    right: Integers
    tokens: Integers
    inside: Integers
    malformed: Integers
    lenient: bool = False


def count_spans(target: Sentences, decided: Sentences, labels: Sequence[str], *, lenient: bool = False) -> SpanCounts:
    """Count the spans of n sentences, given as IOB2 label numbers (t_i,) of truth and of decision.

    A span begins at its `B`. An `I` that goes on from no span of its type breaks the scheme and is part of none; the
    lenient reading, that of the CoNLL shared tasks, begins a span with it. `malformed` counts it either way.

    >>> counts = count_spans([np.array([1, 2, 0])], [np.array([1, 0, 0])], ("O", "B-x", "I-x"))
    >>> counts.hits.tolist(), counts.support.tolist(), counts.predicted.tolist(), counts.right.tolist()
    ([[0]], [[1]], [[1]], [2])

    Raises ValueError for sentences that are not equally long in both, and for labels that are not of IOB2.
    """
    lengths = np.array([len(each) for each in target], dtype=np.int64)
    said = np.array([len(each) for each in decided], dtype=np.int64)
    if lengths.shape != said.shape or (lengths != said).any():
        raise ValueError(
            f"{len(lengths)} sentences of {lengths.sum()} tags and {len(said)} of {said.sum()}: a tag for each token of"
            " the same sentences is legal; fill what was cut off with the outside tag."
        )
    types, kinds, begins = _read(labels)
    sentence = np.repeat(np.arange(len(lengths)), lengths)
    first = np.zeros(len(sentence), dtype=np.bool_)
    first[(np.cumsum(lengths) - lengths)[lengths > 0]] = True
    true, taken = (_flat(tags, len(labels)) for tags in (target, decided))
    is_right = true == taken
    ends, ends_said = _ends(kinds[true], begins[true], first), _ends(kinds[taken], begins[taken], first)
    loose = (ends_said > 0) & ~begins[taken]
    if not lenient:
        ends[~begins[true]] = ends_said[~begins[taken]] = 0
    found = (ends > 0) & (ends == ends_said) & (kinds[true] == kinds[taken])
    there, said_there = kinds[true] >= 0, kinds[taken] >= 0

    def counted(places: npt.NDArray[np.bool_], tags: Integers) -> Integers:
        cells = sentence[places] * len(types) + kinds[tags[places]]
        return np.bincount(cells, minlength=len(lengths) * len(types)).reshape(len(lengths), len(types))

    return SpanCounts(
        types=types,
        hits=counted(found, true),
        support=counted(ends > 0, true),
        predicted=counted(ends_said > 0, taken),
        right=np.bincount(sentence[is_right], minlength=len(lengths)),
        tokens=lengths,
        inside=np.stack(
            [np.bincount(sentence[of], minlength=len(lengths)) for of in (is_right & there, there, said_there)], axis=1
        ),
        malformed=np.bincount(sentence[loose], minlength=len(lengths)),
        lenient=lenient,
    )


def span_scores(
    counts: SpanCounts, *, confidence: float = 0.95, resamples: int = 2_000, seed: Seed = 0
) -> dict[str, Measure]:
    """Span F1, precision and recall over all types together, their macro averages, and scores of tokens.

    Sentences are resampled with all their counts, since spans of one sentence are found and missed together. What
    resampling makes too narrow, where nearly all or hardly any spans are found, is widened to what Wilson's intervals
    say of spans that have nothing to do with each other (see `count_scores`). A macro average is the mean of the
    types' own scores over the types that occur in truth or are said; in resamples, over those that have a value.
    Token scores are `token_accuracy` over all tokens, and F1, precision and recall over those inside: a token counts as
    found where its whole tag is right, and the outside tag is no class of its own. `malformed` is the share of
    sentences whose tags break the scheme. A lenient reading of spans stands in the measures' `reading`.

    >>> right = count_spans([np.array([1, 2, 0])] * 20, [np.array([1, 2, 0])] * 20, ("O", "B-x", "I-x"))
    >>> print(span_scores(right)["span_f1"])
    1 [0.9124, 1]

    Raises ValueError for less than 1 resample, or a confidence outside 0 to 1.
    """
    n, c = counts.hits.shape
    tokenwise = np.column_stack([counts.right, counts.tokens, counts.inside])
    columns = np.hstack([counts.hits, counts.support, counts.predicted, tokenwise])
    names = [f"{over}_{rate}" for over in ("span", "macro", "token") for rate in RATES]
    if n == 0:
        nothing = Measure(undefined="no examples", n=0, confidence=confidence)
        return dict.fromkeys([*names, "token_accuracy", "malformed"], nothing)
    values = _scores(columns.sum(axis=0, dtype=np.float64), c)
    drawn = _scores(resample_means(columns.astype(np.float64), resamples=resamples, seed=seed), c)
    sums = [part.sum(axis=0).tolist() for part in (counts.hits, counts.support, counts.predicted)]
    whole = rates_of(*(int(sum(part)) for part in sums), confidence=confidence)
    types = [rates_of(*each, confidence=confidence) for each in zip(*sums, strict=True)]
    occurring = [support + predicted > 0 for support, predicted in zip(*sums[1:], strict=True)]
    right, tokens = int(counts.right.sum()), int(counts.tokens.sum())
    inside = rates_of(*counts.inside.sum(axis=0).tolist(), confidence=confidence)
    measures: dict[str, Measure] = {}
    for name, rate in zip(names, RATES * 3, strict=True):
        macro = name.startswith("macro")
        added = inside if name.startswith("token") else whole
        having = [each[rate] for each, there in zip(types, occurring, strict=True) if there]
        lacking = [each for each in having if each.value is None]
        reason = added[rate].undefined and _UNDEFINED[rate]
        if macro and lacking:
            reason = f"{len(lacking)} of {len(having)} types {_LACKING[rate]}"
        if reason:
            measures[name] = Measure(undefined=reason, n=n, confidence=confidence)
            continue
        at_least = put_together(having, np.full(len(having), 1 / len(having))) if macro else _interval(added[rate])
        measures[name] = resampled_measure(
            float(values[name]), drawn[name], n=n, confidence=confidence, method="resampling", at_least=at_least
        )
        read = ["mean over types in truth or said"] * macro + [LENIENT] * (counts.lenient and name[:5] != "token")
        measures[name] = replace(measures[name], reading=", ".join(read))
    measures["token_accuracy"] = (
        resampled_measure(
            right / tokens,
            drawn["token_accuracy"],
            n=n,
            confidence=confidence,
            method="resampling",
            at_least=wilson(right, tokens, confidence=confidence),
        )
        if tokens
        else Measure(undefined="no tokens", n=n, confidence=confidence)
    )
    measures["malformed"] = _malformed(counts, confidence)
    return measures


def type_scores(
    counts: SpanCounts, *, confidence: float = 0.95, resamples: int = 2_000, seed: Seed = 0
) -> tuple[Mapping[str, Measure], ...]:
    """Precision, recall and F1 of the spans of each type, in the order of the types; intervals as in `span_scores`.

    Raises ValueError for less than 1 resample, or a confidence outside 0 to 1.
    """
    every = []
    for kind in range(len(counts.types)):
        columns = np.stack([part[:, kind] for part in (counts.hits, counts.support, counts.predicted)], axis=1)
        plain = rates_of(*columns.sum(axis=0).tolist(), confidence=confidence)
        if len(columns) == 0:
            every.append(plain)
            continue
        rates = _rates(*resample_means(columns.astype(np.float64), resamples=resamples, seed=seed).T)
        every.append(
            {
                name: measure
                if measure.value is None
                else resampled_measure(
                    measure.value,
                    drawn,
                    n=measure.n,
                    confidence=confidence,
                    method="resampling",
                    at_least=_interval(measure),
                )
                for (name, measure), drawn in zip(plain.items(), rates, strict=True)
            }
        )
    reading = LENIENT * counts.lenient
    return tuple({name: replace(measure, reading=reading) for name, measure in each.items()} for each in every)


_UNDEFINED = {
    "f1": "there are no spans, and none was said",
    "precision": "no span was said",
    "recall": "there are no spans",
}
_LACKING = {"f1": "do not occur", "precision": "were never said", "recall": "do not occur in truth"}


def _scores(counts: Reals, types: int) -> dict[str, Reals]:
    """Scores (...) of counts (..., 3 types + 5), or of their means, which are the same shares."""
    hits, support, predicted = (counts[..., part * types : (part + 1) * types] for part in range(3))
    micro = _rates(*(part.sum(axis=-1) for part in (hits, support, predicted)))
    each = _rates(hits, support, predicted)
    inside = _rates(*(counts[..., at] for at in (-3, -2, -1)))
    macro = [_share(np.nansum(rate, axis=-1), np.isfinite(rate).sum(axis=-1)) for rate in each]
    return {
        **{f"span_{name}": rate for name, rate in zip(RATES, micro, strict=True)},
        **{f"macro_{name}": rate for name, rate in zip(RATES, macro, strict=True)},
        **{f"token_{name}": rate for name, rate in zip(RATES, inside, strict=True)},
        "token_accuracy": _share(counts[..., -5], counts[..., -4]),
    }


def _rates(hits: Reals, support: Reals, predicted: Reals) -> tuple[Reals, Reals, Reals]:
    """F1, precision and recall."""
    return _share(2 * hits, support + predicted), _share(hits, predicted), _share(hits, support)


def _share(part: npt.ArrayLike, whole: npt.ArrayLike) -> Reals:
    above, below = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    share: Reals = np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0)
    return share


def _interval(measure: Measure) -> Interval | None:
    return None if measure.low is None or measure.high is None else Interval(low=measure.low, high=measure.high)


def _read(labels: Sequence[str]) -> tuple[tuple[str, ...], Integers, npt.NDArray[np.bool_]]:
    """The types; the type of each label, -1 for the outside; and which labels begin a span."""
    tags = [parted(label) for label in labels]
    illegal = [label for label, tag in zip(labels, tags, strict=True) if tag is None or tag.prefix not in {*"OBI"}]
    if illegal:
        raise ValueError(f"labels {illegal!r}: IOB2 tags such as 'O', 'B-name' and 'I-name' are legal; convert them.")
    parts = [tag for tag in tags if tag is not None]
    types = tuple(dict.fromkeys(tag.type for tag in parts if tag.prefix != OUTSIDE))
    kinds = np.array([-1 if tag.prefix == OUTSIDE else types.index(tag.type) for tag in parts], np.int64)
    return types, kinds, np.array([tag.prefix == "B" for tag in parts])


def _flat(tags: Sentences, labels: int) -> Integers:
    rows = [row for row in map(np.asarray, tags) if row.size]
    flat = np.concatenate(rows) if rows else np.zeros(0, np.int64)
    if flat.dtype.kind not in "iu":
        raise ValueError(f"label numbers of type {flat.dtype}: whole numbers are legal; encode tags by their places.")
    flat = flat.astype(np.int64, copy=False)
    if flat.size and not 0 <= int(flat.min()) <= int(flat.max()) < labels:
        raise ValueError(f"label numbers from {flat.min()} to {flat.max()}: 0 to {labels - 1} are legal.")
    return flat


def malformed_share(decided: Sentences, labels: Sequence[str], *, confidence: float = 0.95) -> Measure:
    """The share of n sentences, IOB2 label numbers (t_i,), in which an `I` goes on from no span of its type.

    Raises ValueError for labels that are not of IOB2, and numbers of none.
    """
    counts = count_spans(decided, decided, labels)
    return _malformed(counts, confidence)


def _malformed(counts: SpanCounts, confidence: float) -> Measure:
    """The share of sentences with transitions that break the scheme; how many these are stands in the reading."""
    share = proportion(int(np.count_nonzero(counts.malformed)), len(counts.malformed), confidence=confidence)
    return replace(
        share, reading=f"sentences with transitions that break the scheme, {counts.malformed.sum():,} in all"
    )


def _ends(kinds: Integers, begins: npt.NDArray[np.bool_], first: npt.NDArray[np.bool_]) -> Integers:
    """Where a span begins, the place behind its last token; 0 elsewhere; sentences lie end to end."""
    before = np.concatenate([[-1], kinds[:-1]]) if kinds.size else kinds
    starts = (kinds >= 0) & (begins | first | (before != kinds))
    stops = np.flatnonzero(starts | (kinds < 0))
    places = np.flatnonzero(starts)
    ends = np.zeros(kinds.size, np.int64)
    ends[places] = np.append(stops, kinds.size)[np.searchsorted(stops, places, side="right")]
    return ends
