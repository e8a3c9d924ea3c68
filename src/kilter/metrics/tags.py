"""Tags of tokens: which scheme they follow, which spans they say, and where they break their scheme.

A tag is `O` (outside) or a prefix and a type, `B-person`. Three schemes say where a span begins and ends:

- IOB1 (Ramshaw and Marcus 1995): `I` inside; `B` only where a span follows another of its type without a gap.
- IOB2 (Tjong Kim Sang and Veenstra 1999): `B` at the beginning of each span, `I` for the rest of it.
- BIOES, also written BILOU (Ratinov and Roth 2009): `E` or `L` at the end of a span, `S` or `U` for a single token.

Whatever the scheme, spans are read as the CoNLL shared tasks read them: one begins at `B` or `S`, and at `I` or `E`
that goes on from no token of its type. So no tag is ever lost; `broken` says which ones were illegal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

OUTSIDE: Final = "O"
_LETTERS: Final = {"L": "E", "U": "S"}  # BILOU to BIOES
_OPEN: Final = frozenset("BI")  # a span can go on after these


class Scheme(StrEnum):
    """How tags say where spans begin and end."""

    IOB1 = "IOB1"
    IOB2 = "IOB2"
    BIOES = "BIOES"


class Span(NamedTuple):
    """Tokens `start` to `end` (from 0, `end` not among them) and their type."""

    start: int
    end: int
    type: str


class Tag(NamedTuple):
    """A tag's two parts: one of `B I E S O`, and the type; the type of `O` is empty."""

    prefix: str
    type: str


def parted(tag: str) -> Tag | None:
    """The parts of a tag; None where it is no tag of any scheme.

    >>> parted("B-last-name"), parted("U-x"), parted("O"), parted("person")
    (Tag(prefix='B', type='last-name'), Tag(prefix='S', type='x'), Tag(prefix='O', type=''), None)
    """
    if tag == OUTSIDE:
        return Tag(OUTSIDE, "")
    prefix, dash, kind = tag.partition("-")
    prefix = _LETTERS.get(prefix, prefix)
    return Tag(prefix, kind) if dash and kind and prefix in {"B", "I", "E", "S"} else None


def recognise(sequences: Iterable[Sequence[str]]) -> Scheme:
    """The scheme that sequences of tags follow, or break least often; IOB2 where nothing tells.

    >>> recognise([["I-x", "I-x", "O", "I-x", "B-x"]]), recognise([["O", "B-x", "I-x"]]), recognise([["B-x", "E-x"]])
    (<Scheme.IOB1: 'IOB1'>, <Scheme.IOB2: 'IOB2'>, <Scheme.BIOES: 'BIOES'>)
    """
    distinct = list({tuple(tags) for tags in sequences})
    prefixes = {tag.prefix for tags in distinct for tag in map(parted, {*tags}) if tag is not None}
    if prefixes & {"E", "S"}:
        return Scheme.BIOES
    breaks = {scheme: sum(len(broken(tags, scheme)) for tags in distinct) for scheme in (Scheme.IOB2, Scheme.IOB1)}
    return min(breaks, key=breaks.__getitem__)


def broken(tags: Sequence[str], scheme: Scheme) -> tuple[int, ...]:
    """The places of a sequence whose tag is none, or may not stand there.

    In IOB2 these are `I` without a span of its type before it; in IOB1 `B` without one; in BIOES whatever does not
    lead from `B` over `I` to `E`, or stands inside such a span. What breaks at the end counts at its last token.

    >>> broken(["O", "I-x", "B-y", "I-x"], Scheme.IOB2), broken(["B-x", "I-x", "O"], Scheme.BIOES)
    ((1, 3), (1,))
    """
    parts = [parted(tag) for tag in tags]
    places: list[int] = []
    going_on = "I" if scheme is Scheme.IOB2 else "B"  # what needs a span before it
    before = Tag(OUTSIDE, "")
    for place, tag in enumerate(parts):
        if tag is None:
            places.append(place)
        elif scheme is Scheme.BIOES:
            goes_on = before.prefix in _OPEN
            if goes_on and not (tag.prefix in {"I", "E"} and tag.type == before.type):
                places.append(place - 1)
            elif not goes_on and tag.prefix in {"I", "E"}:
                places.append(place)
        elif tag.prefix in {"E", "S"} or (tag.prefix == going_on and tag.type != before.type):
            places.append(place)
        before = tag or Tag(OUTSIDE, "")
    if scheme is Scheme.BIOES and before.prefix in _OPEN:
        places.append(len(parts) - 1)
    return tuple(dict.fromkeys(places))


def spans(tags: Sequence[str]) -> tuple[Span, ...]:
    """The spans that tags of any scheme say; what is no tag is outside.

    >>> spans(["I-x", "B-x", "I-x", "O", "S-y"])
    (Span(start=0, end=1, type='x'), Span(start=1, end=3, type='x'), Span(start=4, end=5, type='y'))
    """
    found: list[Span] = []
    before = Tag(OUTSIDE, "")
    for place, tag in enumerate(parted(tag) or Tag(OUTSIDE, "") for tag in tags):
        if tag.prefix != OUTSIDE:
            goes_on = tag.prefix in {"I", "E"} and before.prefix in _OPEN and before.type == tag.type
            start = found.pop().start if goes_on else place
            found.append(Span(start, place + 1, tag.type))
        before = tag
    return tuple(found)


def as_iob2(tags: Sequence[str]) -> tuple[str, ...]:
    """Tags of any scheme in IOB2, with the same spans.

    >>> as_iob2(["I-x", "E-x", "S-x", "O"])
    ('B-x', 'I-x', 'B-x', 'O')
    """
    written = [OUTSIDE] * len(tags)
    for start, end, kind in spans(tags):
        written[start:end] = [f"B-{kind}", *[f"I-{kind}"] * (end - start - 1)]
    return tuple(written)


def iob2_labels(types: Iterable[str]) -> tuple[str, ...]:
    """All IOB2 tags of these types: `O` first, then `B` and `I` of each type, types sorted.

    >>> iob2_labels({"time", "date"})
    ('O', 'B-date', 'I-date', 'B-time', 'I-time')
    """
    return (OUTSIDE, *(f"{prefix}-{kind}" for kind in sorted(set(types)) for prefix in ("B", "I")))


def legal_transitions(labels: Sequence[str]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which of k IOB2 labels may begin a sequence (k,), and which may follow which, (k, k): [before, after].

    >>> begin, follow = legal_transitions(("O", "B-x", "I-x"))
    >>> begin.tolist(), follow.tolist()
    ([True, True, False], [[True, True, False], [True, True, True], [True, True, True]])
    """
    tags = [parted(label) or Tag(OUTSIDE, "") for label in labels]
    inside = np.array([tag.prefix == "I" for tag in tags])
    same = np.array([[left.type == right.type for right in tags] for left in tags])
    return ~inside, ~inside | same


def most_likely(
    shares: Sequence[npt.NDArray[np.floating]],
    begin: npt.NDArray[np.bool_],
    follow: npt.NDArray[np.bool_],
    *,
    at_once: int = 4096,
) -> list[npt.NDArray[np.int64]]:
    """The legal sequence of greatest probability for each of n sequences of probabilities (t_i, k): n arrays (t_i,).

    Viterbi's algorithm (1967) with tokens independent but for what is legal; equally likely sequences are told apart
    by the first label.

    Args:
        shares: of each token, the probability of each label.
        begin: (k,) which labels may begin.
        follow: (k, k) which label may follow which.
        at_once: sequences, of like length, that are worked on together.
    """
    lengths = np.array([len(each) for each in shares], dtype=np.int64)
    order = np.argsort(lengths, kind="stable")
    paths: list[npt.NDArray[np.int64]] = [np.zeros(0, np.int64)] * len(lengths)
    for start in range(0, len(order), at_once):
        rows = order[start : start + at_once]
        scores = np.zeros((len(rows), int(lengths[rows].max(initial=0)), len(begin)))
        for place, row in enumerate(rows):
            scores[place, : lengths[row]] = shares[row]
        found = _paths(scores, lengths[rows], begin, follow)
        for place, row in enumerate(rows):
            paths[row] = found[place, : lengths[row]]
    return paths


def _paths(
    shares: npt.NDArray[np.float64],
    lengths: npt.NDArray[np.int64],
    begin: npt.NDArray[np.bool_],
    follow: npt.NDArray[np.bool_],
) -> npt.NDArray[np.int64]:
    n, longest, _ = shares.shape
    paths = np.zeros((n, longest), np.int64)
    if longest == 0:
        return paths
    scores = np.log(np.maximum(shares, np.finfo(np.float64).tiny))
    forbidden = np.where(follow, 0.0, -np.inf)
    best = scores[:, 0] + np.where(begin, 0.0, -np.inf)
    came = np.zeros(shares.shape, np.int64)
    ends = np.zeros((n, shares.shape[2]))
    ends[lengths == 1] = best[lengths == 1]
    for place in range(1, longest):
        reached = best[:, :, None] + forbidden
        came[:, place] = reached.argmax(axis=1)
        best = reached.max(axis=1) + scores[:, place]
        ends[lengths == place + 1] = best[lengths == place + 1]
    label = ends.argmax(axis=1)
    for place in range(longest - 1, -1, -1):
        inside = place < lengths
        paths[inside, place] = label[inside]
        label = np.where(inside, came[np.arange(n), place, label], label)
    return paths
