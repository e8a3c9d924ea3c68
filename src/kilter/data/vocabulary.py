"""The tokens that a model knows, and texts as their numbers."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, final

from kilter.data.ragged import Ragged
from kilter.data.tokens import Tokenisation
from kilter.values.json_form import from_json, to_json

PADDING: Final = 0
UNKNOWN: Final = 1  # a token that training did not have, and a text that is missing
BEGIN: Final = 2
END: Final = 3
BETWEEN: Final = 4  # two texts of one row
RESERVED: Final = 5

Text = str | tuple[str, ...] | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The most frequent tokens of the training texts.

    Attributes:
        tokenisation: how texts are cut.
        entries: the tokens; the first has the id 5. Ids below are padding, unknown, begin, end and between.
        room: words or characters a row at most, marks included; the rest is cut off.
        longest: ids of the longest training row; no row becomes longer.
    """

    tokenisation: Tokenisation
    entries: tuple[str, ...]
    room: int
    longest: int

    @staticmethod
    def fit(
        columns: Sequence[Sequence[Text]],
        tokenisation: Tokenisation,
        *,
        minimum_count: int = 2,
        largest: int = 50_000,
        room: int = 512,
    ) -> Vocabulary:
        """The vocabulary of training texts.

        Args:
            columns: texts a column; a row's texts follow one another.
            tokenisation: how texts are cut.
            minimum_count: rarer tokens are unknown, so that the unknown token is trained, too.
            largest: entries at most, the most frequent first; equally frequent ones by code point.
            room: words or characters a row at most.
        """
        cut = _cut(columns, tokenisation)
        counts: Counter[str] = Counter()
        parts: Counter[str] = Counter()
        for text in chain.from_iterable(cut):
            if text is not None:
                counts.update(tokenisation.joined(text))
                parts.update(text)
        for part, times in parts.items():  # each word is taken apart once, however often it stands
            for piece in tokenisation.pieces(part):
                counts[piece] += times
        known = sorted((token for token in counts if counts[token] >= minimum_count), key=lambda t: (-counts[t], t))
        entries = tuple(known[:largest])
        unfitted = Vocabulary(tokenisation=tokenisation, entries=entries, room=room, longest=sys.maxsize)
        longest = max(map(len, unfitted._rows(cut)), default=1)
        return Vocabulary(tokenisation=tokenisation, entries=entries, room=room, longest=longest)

    def __len__(self) -> int:
        return RESERVED + len(self.entries)

    def __repr__(self) -> str:
        return f"Vocabulary({len(self.entries)} {self.tokenisation.unit} entries, texts of at most {self.longest})"

    def encode(self, columns: Sequence[Sequence[Text]]) -> Ragged:
        """The ids of each row's texts, one column after the other, at least one id a row.

        Words and characters stand between BEGIN and END, texts of one row are parted by BETWEEN, unknown tokens and
        missing texts are UNKNOWN. In a bag of n-grams unknown ones are left out, since most n-grams are rare, and
        there are no marks. A row that is too long loses the ends of its longest texts.
        """
        return Ragged.of(list(self._rows(_cut(columns, self.tokenisation))))

    def _rows(self, cut: Sequence[Sequence[Sequence[str] | None]]) -> Iterator[list[int]]:
        index = {token: number for number, token in enumerate(self.entries, start=RESERVED)}
        rows = zip(*cut, strict=True)
        if self.tokenisation.ordered:
            return (self._in_order(texts, index) for texts in rows)
        pieces: dict[str, list[int]] = {}
        return (self._bag(texts, index, pieces) for texts in rows)

    def _in_order(self, texts: Sequence[Sequence[str] | None], index: Mapping[str, int]) -> list[int]:
        ids = [[UNKNOWN] if text is None else [index.get(token, UNKNOWN) for token in text] for text in texts]
        room = min(self.room, self.longest)
        row = [BEGIN]
        for text, share in zip(ids, shared(tuple(map(len, ids)), max(room - len(texts) - 1, 0)), strict=True):
            row += text[:share]
            row.append(BETWEEN)
        row[-1] = END
        return row[:room]

    def _bag(
        self, texts: Sequence[Sequence[str] | None], index: Mapping[str, int], pieces: dict[str, list[int]]
    ) -> list[int]:
        """The ids of a bag; `pieces` remembers those inside each word from row to row."""
        row: list[int] = []
        inside: list[int] = []
        for text, share in zip(texts, shared(tuple(len(text or ()) for text in texts), self.room), strict=True):
            parts = (text or ())[:share]
            row += [index[token] for token in self.tokenisation.joined(parts) if token in index]
            for part in parts:
                if part not in pieces:
                    pieces[part] = [index[piece] for piece in self.tokenisation.pieces(part) if piece in index]
                inside += pieces[part]
        return (row + inside)[: self.longest] or [UNKNOWN]

    def to_json(self) -> Mapping[str, Any]:
        """The vocabulary as plain JSON data."""
        return {
            "tokenisation": to_json(self.tokenisation),
            "room": self.room,
            "longest": self.longest,
            "entries": list(self.entries),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Vocabulary:
        """The vocabulary that `to_json` wrote.

        Raises:
            ValueError: the data do not have that form.
        """
        return Vocabulary(
            tokenisation=from_json(Tokenisation, data["tokenisation"]),
            room=from_json(int, data["room"]),
            longest=from_json(int, data["longest"]),
            entries=from_json(tuple[str, ...], data["entries"]),
        )


def shared(lengths: tuple[int, ...], room: int) -> tuple[int, ...]:
    """How much of each text stands where room is short: the longest are cut first, to one length.

    >>> shared((3, 10, 6), 15), shared((3, 10, 6), 100), shared((4, 4), 5)
    ((3, 6, 6), (3, 10, 6), (2, 3))
    """
    if sum(lengths) <= room:
        return lengths
    shares = [0] * len(lengths)
    shortest_first = sorted(range(len(lengths)), key=lambda place: lengths[place])
    for done, place in enumerate(shortest_first):
        shares[place] = min(lengths[place], room // (len(lengths) - done))
        room -= shares[place]
    return tuple(shares)


def _cut(columns: Sequence[Sequence[Text]], tokenisation: Tokenisation) -> list[list[list[str] | None]]:
    return [[None if text is None else tokenisation.parts(text) for text in column] for column in columns]
