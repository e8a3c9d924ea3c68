"""The tokens that a model knows, and texts as their numbers."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Final, Literal, TypeVar, final

from kilter.data.ragged import Ragged
from kilter.data.subwords import names_of
from kilter.data.tokens import Text, Tokenisation
from kilter.values.json_form import from_json, to_json

PADDING: Final = 0
UNKNOWN: Final = 1  # a token that training did not have, and a text that is missing
BEGIN: Final = 2
END: Final = 3
BETWEEN: Final = 4  # two texts of one row
RESERVED: Final = 5

Kept = Literal["head", "tail", "ends"]
"""What stays of a text that is too long: its beginning, its end, or as much of both."""

Part = TypeVar("Part")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The most frequent tokens of the training texts.

    Attributes:
        tokenisation: how texts are cut.
        entries: the tokens; the first has the id 5. Ids below are padding, unknown, begin, end and between.
        room: words or characters a row at most, marks included; the rest is cut off.
        longest: ids of the longest training row; no row with marks becomes longer.
        marks: whether rows begin with BEGIN and end with END, with BETWEEN between their texts; without marks there
            is one id for each word.
        kept: what stays of a text that is too long.
    """

    tokenisation: Tokenisation
    entries: tuple[str, ...]
    room: int
    longest: int
    marks: bool = True
    kept: Kept = "head"

    @staticmethod
    def fit(
        columns: Sequence[Sequence[Text]],
        tokenisation: Tokenisation,
        *,
        minimum_count: int = 2,
        largest: int = 50_000,
        room: int = 512,
        marks: bool = True,
        kept: Kept = "head",
        answers: Sequence[Text] | None = None,
    ) -> Vocabulary:
        """The vocabulary of training texts.

        Args:
            columns: texts a column; a row's texts follow one another.
            tokenisation: how texts are cut.
            minimum_count: rarer tokens are unknown, so that the unknown token is trained, too.
            largest: entries at most: what is kept whole, then the most frequent first, equally frequent ones by code
                point.
            room: words or characters a row at most.
            marks: whether texts are marked.
            kept: what stays of a text that is too long.
            answers: texts that are rows of their own: what is to be answered; None where no text is.
        """
        texts = [text for column in (*columns, answers or ()) for text in column]
        tokenisation = tokenisation.fitted(texts, largest=largest, minimum_count=minimum_count)
        cut = _cut(columns, tokenisation)
        apart = [] if answers is None else _cut([answers], tokenisation)
        counts: Counter[str] = Counter()
        parts: Counter[str] = Counter()
        for text in chain.from_iterable([*cut, *apart]):
            if text is not None:
                counts.update(tokenisation.joined(text))
                parts.update(text)
        for part, times in parts.items():  # each word is taken apart once, however often it stands
            for piece in tokenisation.inside(part):
                counts[piece] += times
        special = [token for token in tokenisation.special if token in counts]
        frequent = {token for token in counts if counts[token] >= minimum_count}.difference(special)
        known = sorted(frequent, key=lambda token: (-counts[token], token))
        if tokenisation.unit == "bpe":  # all that was learnt, since whatever is rare is made of these pieces
            known = list(names_of(tokenisation.pieces))
        unfitted = Vocabulary(
            tokenisation=tokenisation,
            entries=(*special, *known)[: max(largest, len(special))],
            room=room,
            longest=sys.maxsize,
            marks=marks,
            kept=kept,
        )
        rows = chain(unfitted._rows(cut), unfitted._rows(apart) if apart else ())
        return replace(unfitted, longest=max(map(len, rows), default=1))

    def __len__(self) -> int:
        return RESERVED + len(self.entries)

    def __repr__(self) -> str:
        return f"Vocabulary({len(self.entries)} {self.tokenisation.unit} entries, texts of at most {self.longest})"

    def encode(self, columns: Sequence[Sequence[Text]]) -> Ragged:
        """The ids of each row's texts, one column after the other, at least one id a row.

        Words and characters stand between BEGIN and END, texts of one row are parted by BETWEEN, unknown tokens and
        missing texts are UNKNOWN. In a bag of n-grams unknown ones are left out, since most n-grams are rare, and
        there are no marks. Where a row is too long, its longest texts are cut.
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
        if not self.marks:
            return list(chain.from_iterable(ids))[: self.room] or [UNKNOWN]
        row = [BEGIN]
        for text, share in zip(ids, shared(tuple(map(len, ids)), self.room_for(len(ids))), strict=True):
            row += self.keep(text, share)
            row.append(BETWEEN)
        row[-1] = END
        return row[: min(self.room, self.longest)]

    def room_for(self, texts: int) -> int:
        """How many parts of so many texts stand in a row, beside the marks."""
        if not self.tokenisation.ordered or not self.marks:
            return self.room
        return max(min(self.room, self.longest) - texts - 1, 0)

    def keep(self, text: Sequence[Part], share: int) -> list[Part]:
        """So many parts of a text, from where it is kept."""
        if share >= len(text) or self.kept == "head":
            return list(text[:share])
        head = 0 if self.kept == "tail" else (share + 1) // 2
        return [*text[:head], *text[len(text) - share + head :]]

    def _bag(
        self, texts: Sequence[Sequence[str] | None], index: Mapping[str, int], pieces: dict[str, list[int]]
    ) -> list[int]:
        """The ids of a bag; `pieces` remembers those inside each word from row to row."""
        row: list[int] = []
        inside: list[int] = []
        for text, share in zip(texts, shared(tuple(len(text or ()) for text in texts), self.room), strict=True):
            parts = self.keep(text or (), share)
            row += [index[token] for token in self.tokenisation.joined(parts) if token in index]
            for part in parts:
                if part not in pieces:
                    pieces[part] = [index[piece] for piece in self.tokenisation.inside(part) if piece in index]
                inside += pieces[part]
        return (row + inside)[: self.longest] or [UNKNOWN]

    def to_json(self) -> Mapping[str, Any]:
        """The vocabulary as plain JSON data."""
        return {
            "tokenisation": to_json(self.tokenisation),
            "room": self.room,
            "longest": self.longest,
            "marks": self.marks,
            "kept": self.kept,
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
            marks=from_json(bool, data["marks"]),
            kept=from_json(Kept, data["kept"]),  # type: ignore[arg-type]
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
