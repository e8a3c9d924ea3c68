"""Splits whose texts are about something else."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, NamedTuple, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.data.words import incidence, word_sets
from kilter.checks.wording import listed, percent
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.table import Dataset, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Sets = list[set[str]]


class New(NamedTuple):
    """Words of held-out rows that training lacks, beside those that a training row alone has."""

    share: float  # of a held-out row's distinct words
    own: float  # of a training row's distinct words, those that no other training row has
    p_value: float


class Apart(NamedTuple):
    """How well the words of a row tell in which split it stands."""

    area: float  # under the curve of a classifier; .5 is chance
    low: float
    there: list[str]  # words that speak for training
    here: list[str]  # words that speak for the held-out split


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TextShift(Check[Dataset]):
    """Held-out texts use other words than the training texts: new ones, or the known ones in other proportions.

    **What it proves.** More of a held-out row's words are unknown than of a training row's when that one is left out,
    which is what a random split would give; or a simple classifier can tell from a row's words in which split it
    stands. Scores are those of another population, and what is learnt about words covers less of it.

    **How.** Distinct words of a row that no training row has, against words of a training row that no other has: the
    means are compared by their standard errors. For the second, naive Bayes on words, fitted on one half of both
    splits and asked about the other, and the area under its curve with the standard error of Hanley and McNeil.

    **When it stays silent.** The difference in new words is below `more` of a row's words or may be chance; the lower
    end of the area is below `note_area`. It is a note, since later data and other authors are often what a test is
    for; a warning from `warn_area` on, where the words nearly tell the split, but for a stream, whose passages always
    do.

    **What it costs.** One pass over the words; two seconds for 10,000 rows.

    **Source.** Lopez-Paz and Oquab 2017, Revisiting classifier two-sample tests (ICLR); Hanley and McNeil 1982, The
    meaning and use of the area under a receiver operating characteristic curve, Radiology 143.
    """

    code: ClassVar[str] = "D123"
    name: ClassVar[str] = "text-shift"
    more: float = 0.02  # of a row's words, above what training lacks of itself
    note_area: float = 0.65  # under the curve
    warn_area: float = 0.9  # under the curve
    chance: float = 1e-6  # largest probability of the difference by chance
    fewest: int = 50  # rows of a split
    most: int = 5_000  # rows of a split that are compared word by word
    rare: int = 3  # rows that must have a word for the classifier

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        schema = subject.schema
        held_out = [split for split in subject if split != "train" and len(subject[split]) >= self.fewest]
        if not schema.of_kind(Kind.TEXT, Kind.TOKENS):
            yield Skipped(name=self.name, reason="there are no texts")
            return
        if "train" not in subject or len(subject["train"]) < self.fewest or not held_out:
            yield Skipped(name=self.name, reason=f"there are no two splits of {self.fewest} rows or more")
            return
        train = word_sets(subject["train"], schema)
        counts = Counter(word for row in train for word in row)
        for split in held_out:
            here = word_sets(subject[split], schema)
            new, apart = self._new(train, here, counts), self._apart(train, here)
            unknown = new.share - new.own >= self.more and new.p_value <= self.chance
            shifted = apart.low >= self.note_area
            if unknown or shifted:
                finding = self._finding(split, new, apart, unknown=unknown, shifted=shifted)
                yield replace(finding, severity=Severity.NOTE) if schema.stream else finding

    def _finding(self, split: str, new: New, apart: Apart, *, unknown: bool, shifted: bool) -> Finding:
        said = []
        if unknown:
            said.append(
                f"{percent(new.share)} of the words of a row of {split} do not occur in train, where a random split"
                f" would have {percent(new.own)}"
            )
        if shifted:
            said.append(
                f"the words of a row tell whether it stands in train or in {split} (area under the curve"
                f" {apart.area:.2f}; {listed(apart.there, most=4)} speak for train, {listed(apart.here, most=4)} for"
                f" {split})"
            )
        sentence = "; ".join(said)
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if apart.low >= self.warn_area else Severity.NOTE,
            seen=f"{sentence[:1].upper()}{sentence[1:]}.",
            advice="Find out what lies between the splits (time, source, topic), and read scores as those of other"
            " texts than training's; pieces of words (`preprocessing.unit: character`) know more of new words.",
            causes=("distribution_shift", "vocabulary_mismatch"),
            evidence={
                "split": split,
                "new words": new.share,
                "new words in a random split": new.own,
                "p": new.p_value,
                "area": apart.area,
                "words of train": apart.there,
                "words of the split": apart.here,
            },
        )

    def _new(self, train: Sets, here: Sets, counts: Counter[str]) -> New:
        known = np.array([sum(counts[word] == 1 for word in row) / len(row) for row in train if row])
        new = np.array([sum(word not in counts for word in row) / len(row) for row in here if row])
        if min(len(known), len(new)) < self.fewest:
            return New(0.0, 0.0, 1.0)
        error = math.sqrt(known.var() / len(known) + new.var() / len(new))
        gap = float(new.mean() - known.mean())
        p_value = math.erfc(gap / error / math.sqrt(2)) / 2 if error else float(gap <= 0)
        return New(float(new.mean()), float(known.mean()), p_value)

    def _apart(self, train: Sets, here: Sets) -> Apart:
        draw = np.random.default_rng(0)
        there, other = (
            [rows[at] for at in draw.permutation(len(rows))[: self.most].tolist()] for rows in (train, here)
        )
        counts = Counter(word for row in (*there, *other) for word in row)
        places = {word: at for at, word in enumerate(word for word, count in counts.items() if count >= self.rare)}
        if not places:
            return Apart(0.5, 0.0, [], [])
        matrix = incidence([*there, *other], places)
        held_out = np.arange(len(there) + len(other)) >= len(there)
        half = draw.random(len(held_out)) < 0.5
        scores = np.empty(len(held_out))
        for fitted in (half, ~half):
            scores[~fitted] = matrix[~fitted] @ _evidence(matrix, fitted & held_out, fitted & ~held_out)
        area = (_area(scores[half], held_out[half]) + _area(scores[~half], held_out[~half])) / 2
        speaks = _evidence(matrix, held_out, ~held_out) * np.sqrt(np.asarray(matrix.sum(axis=0)).reshape(-1))
        order, names = np.argsort(speaks, kind="stable"), list(places)
        error = _error(area, int(held_out.sum()), int((~held_out).sum()))
        return Apart(area, area - 5 * error, [names[at] for at in order[:8]], [names[at] for at in order[:-9:-1]])


def _evidence(matrix: object, inside: NDArray[np.bool_], outside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Log ratios (words,) of how frequent each word is in two groups of rows, with one row more that has it."""
    one, other = (np.asarray(matrix[group].sum(axis=0)).reshape(-1) + 1.0 for group in (inside, outside))  # type: ignore[index]
    ratios: NDArray[np.float64] = np.log(one / (inside.sum() + 2)) - np.log(other / (outside.sum() + 2))
    return ratios


def _area(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """The area under the curve, from mean ranks (Mann and Whitney 1947)."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse.reshape(-1)]
    n, m = int(positive.sum()), int((~positive).sum())
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m)) if n and m else 0.5


def _error(area: float, n: int, m: int) -> float:
    """The standard error of an area from n and m scores (Hanley and McNeil 1982, equation 2)."""
    one, both = area / (2 - area), 2 * area**2 / (1 + area)
    variance = (area * (1 - area) + (n - 1) * (one - area**2) + (m - 1) * (both - area**2)) / (n * m)
    return math.sqrt(max(variance, 0.0))
