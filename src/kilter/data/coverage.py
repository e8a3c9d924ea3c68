"""How much of a table's texts reaches a model: what is cut off, and what no training text had."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

from kilter.data.vocabulary import shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kilter.data.tokens import Text
    from kilter.data.vocabulary import Vocabulary

MOST_NAMED: Final = 20  # of unknown parts


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What becomes of the texts of one split; parts are words, characters or learnt pieces of words.

    Attributes:
        rows: how many.
        cut: rows of which something is cut off.
        parts: of all texts.
        lost: parts that are cut off.
        unknown: parts that the vocabulary does not have, cut off or not.
        most_unknown: the most frequent of these, with how often they stand.
        cut_rows: numbers of the rows that lose most, the worst first.
    """

    rows: int
    cut: int
    parts: int
    lost: int
    unknown: int
    most_unknown: tuple[tuple[str, int], ...]
    cut_rows: tuple[int, ...]

    @property
    def cut_share(self) -> float:
        """Share of the rows of which something is cut off."""
        return self.cut / self.rows if self.rows else 0.0

    @property
    def lost_share(self) -> float:
        """Share of the parts that are cut off."""
        return self.lost / self.parts if self.parts else 0.0

    @property
    def unknown_share(self) -> float:
        """Share of the parts that the vocabulary does not have."""
        return self.unknown / self.parts if self.parts else 0.0


def coverage(vocabulary: Vocabulary, columns: Sequence[Sequence[Text]]) -> Coverage:
    """What a vocabulary makes of a split's texts.

    A word of a bag of n-grams is unknown where neither it nor any piece of it is an entry.

    Args:
        vocabulary: as training fitted it.
        columns: texts a column, as `Preprocessing.texts` gives them.
    """
    tokenisation = vocabulary.tokenisation
    entries = frozenset(vocabulary.entries)
    unknown: Counter[str] = Counter()
    losses: dict[int, int] = {}
    rows = parts = 0
    for row, texts in enumerate(zip(*columns, strict=True)):
        cut = [tokenisation.parts(text) for text in texts if text is not None]
        lengths = tuple(map(len, cut))
        room = vocabulary.room_for(len(texts)) - (len(texts) - len(cut))  # a missing text is one unknown token
        rows, parts = row + 1, parts + sum(lengths)
        if lost := sum(lengths) - sum(shared(lengths, max(room, 0))):
            losses[row] = lost
        unknown.update(part for text in cut for part in text if part not in entries)
    strange = Counter({part: n for part, n in unknown.items() if entries.isdisjoint(tokenisation.inside(part))})
    return Coverage(
        rows=rows,
        cut=len(losses),
        parts=parts,
        lost=sum(losses.values()),
        unknown=strange.total(),
        most_unknown=tuple(sorted(strange.items(), key=lambda item: (-item[1], item[0]))[:MOST_NAMED]),
        cut_rows=tuple(sorted(losses, key=lambda row: (-losses[row], row))),
    )
