"""How likely each token of a text is by how often it followed the few before it: an interpolated n-gram model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

import numpy as np

from kilter.models.lesson import Lesson
from kilter.values.errors import UsageError
from kilter.values.table import Schema, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

BEGIN: Final = 2  # the id that stands before the first token
LONGEST: Final = 7  # tokens that are looked back to at most
UNTRIED: Final = (5, 2)  # looked back to where no validation rows choose: for few different tokens, and for many
FEW: Final = 1_000


@final
class NGram:
    """Modified Kneser-Ney smoothing, interpolated; how far it looks back is chosen on the validation rows.

    Kneser and Ney 1995, Improved backing-off for m-gram language modeling; Chen and Goodman 1998, An empirical study of
    smoothing techniques for language modeling, section 3. Of the texts of a table's target column it answers nats, an
    array (n,) a row: that column must hold ids. The other columns are not read.
    """

    def __init__(self, schema: Schema, outputs: int, *, longest: int = LONGEST) -> None:
        self._longest = longest  # tokens that are looked back to at most; with 0 it only knows how frequent tokens are
        self._target = schema.target
        self._stream = schema.stream
        self._size = outputs
        self.levels: tuple[_Level, ...] = ()
        self.back = 0

    def fit(self, lesson: Lesson) -> None:
        """Count; then look as far back as makes the validation texts likeliest; targets are (n,) sequences of ids."""
        tokens, judged = _joined(lesson.targets, stream=self._stream)
        self.levels = _counted(tokens, judged, self._size, self._longest)
        self.back = min(UNTRIED[self._size > FEW], self._longest)
        chosen = lesson.valid_targets
        if chosen is not None and any(map(len, chosen)):
            nats = _nats(self.levels, *_joined(chosen, stream=self._stream), self._size)
            self.back = int(np.argmin(nats.mean(axis=1)))

    def answer(self, table: Table) -> list[NDArray[np.float64]]:
        """The nats of each row's tokens; rows of one text go on from each other."""
        if not self.levels:
            raise UsageError("the baseline was not fitted", remedy="call `fit` first")
        rows = table.columns[self._target]
        if not len(rows):
            return []
        nats = _nats(self.levels[: self.back + 1], *_joined(rows, stream=self._stream), self._size)[-1]
        return np.split(nats, np.cumsum([len(row) for row in rows])[:-1])


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """What was counted of contexts of one length, and the tokens after them.

    A context's number is its place among `contexts`; a gram is a context's number times the vocabulary, plus a token.

    Attributes:
        contexts: sorted keys: the number of the context one token shorter, times the vocabulary, plus the token before.
        grams: sorted keys of what was seen.
        often: for each gram its count less a discount, divided by the count of its context: as the longest one.
        rest: for each context the share that the discounts left: as the longest one.
        kinds: as `often`, of counts of different tokens before the gram, which a shorter context asks for.
        kinds_rest: as `rest`, of these counts.
    """

    contexts: NDArray[np.int64]
    grams: NDArray[np.int64]
    often: NDArray[np.float64]
    rest: NDArray[np.float64]
    kinds: NDArray[np.float64]
    kinds_rest: NDArray[np.float64]


def _joined(rows: NDArray[np.generic], *, stream: bool) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """All rows one after the other, each (or the whole text) after as many BEGIN as are looked back to.

    The second array tells tokens from these.
    """
    begin = np.full(LONGEST, BEGIN, dtype=np.int64)
    parts = [begin]
    for row in rows:
        parts += [np.asarray(row, dtype=np.int64)] if stream else [np.asarray(row, dtype=np.int64), begin]
    judged = np.concatenate([np.full(len(part), part is not begin) for part in parts])
    return np.concatenate(parts), judged


def _counted(tokens: NDArray[np.int64], judged: NDArray[np.bool_], size: int, longest: int) -> tuple[_Level, ...]:
    """Counts for contexts of 0, 1, ... tokens."""
    places = np.flatnonzero(judged)
    context = np.zeros(len(places), dtype=np.int64)
    contexts, before = np.zeros(1, dtype=np.int64), None
    found: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]] = []
    kinds: list[NDArray[np.int64]] = []
    for back in range(longest + 1):
        if back:
            contexts, context = np.unique(context * size + tokens[places - back], return_inverse=True)
        grams, first, gram, counts = np.unique(
            context * size + tokens[places], return_index=True, return_inverse=True, return_counts=True
        )
        if before is not None:  # each gram here is one more kind of the gram that lacks its first token
            kinds.append(np.bincount(before[first], minlength=len(found[-1][1])))
        found.append((contexts, grams, counts))
        before = gram
    kinds.append(found[-1][2])
    levels: list[_Level] = []
    for (known, grams, counts), different in zip(found, kinds, strict=True):
        often, rest = _discounted(grams // size, counts, len(known))
        fewer, fewer_rest = _discounted(grams // size, different, len(known))
        levels.append(_Level(contexts=known, grams=grams, often=often, rest=rest, kinds=fewer, kinds_rest=fewer_rest))
    return tuple(levels)


def _discounted(
    context: NDArray[np.int64], counts: NDArray[np.int64], contexts: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each gram its discounted share of its context, and for each context what is left (Chen and Goodman 1998)."""
    ones, twos, threes, fours = (max(int((counts == count).sum()), 1) for count in (1, 2, 3, 4))
    spare = ones / (ones + 2 * twos)
    discounts = np.array(
        [1 - 2 * spare * twos / ones, 2 - 3 * spare * threes / twos, 3 - 4 * spare * fours / threes]
    ).clip(0.05, [0.95, 1.95, 2.95])
    taken = discounts[np.minimum(counts, 3) - 1]
    total = np.bincount(context, weights=counts, minlength=contexts)
    return (counts - taken) / total[context], np.bincount(context, weights=taken, minlength=contexts) / total


def _nats(
    levels: tuple[_Level, ...], tokens: NDArray[np.int64], judged: NDArray[np.bool_], size: int
) -> NDArray[np.float64]:
    """What each judged token costs when 0, 1, ... tokens are looked back to: (levels, n)."""
    places = np.flatnonzero(judged)
    context = np.zeros(len(places), dtype=np.int64)
    shorter = np.full(len(places), 1 / size)
    told = np.empty((len(levels), len(places)))
    for back, level in enumerate(levels):
        if back:
            context = np.where(context < 0, -1, _number(level.contexts, context * size + tokens[places - back]))
        gram = np.where(context < 0, -1, _number(level.grams, context * size + tokens[places]))
        new = context < 0  # a context that training did not have leaves all to the shorter one
        whole = np.where(new, shorter, np.where(gram < 0, 0, level.often[gram]) + level.rest[context] * shorter)
        told[back] = -np.log(whole)
        shorter = np.where(new, shorter, np.where(gram < 0, 0, level.kinds[gram]) + level.kinds_rest[context] * shorter)
    return told


def _number(known: NDArray[np.int64], keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of each key among those that are known, sorted; -1 where it is not."""
    place = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[place] == keys, place, -1)
