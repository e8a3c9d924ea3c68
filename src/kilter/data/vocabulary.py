"""The tokens that a model knows, and texts as their numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any, Final, final

from kilter.data.ragged import Ragged
from kilter.data.tokens import Tokenisation
from kilter.values.json_form import from_json

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
        longest: ids of the longest training text, at most what the settings allow; longer texts are cut to it.
    """

    tokenisation: Tokenisation
    entries: tuple[str, ...]
    longest: int

    @staticmethod
    def fit(
        columns: Sequence[Sequence[Text]],
        tokenisation: Tokenisation,
        *,
        minimum_count: int = 2,
        largest: int = 50_000,
        longest: int = 512,
    ) -> Vocabulary:
        """The vocabulary of training texts.

        Args:
            columns: texts a column; a row's texts follow one another.
            tokenisation: how texts are cut.
            minimum_count: rarer tokens are unknown, so that the unknown token is trained, too.
            largest: entries at most, the most frequent first; equally frequent ones by code point.
            longest: ids a row at most.
        """
        cut = [[_tokens(text, tokenisation) for text in column] for column in columns]
        counts = Counter(token for column in cut for text in column for token in text or ())
        known = sorted((token for token in counts if counts[token] >= minimum_count), key=lambda t: (-counts[t], t))
        unfitted = Vocabulary(tokenisation=tokenisation, entries=tuple(known[:largest]), longest=longest)
        lengths = unfitted._encoded(cut).lengths
        return Vocabulary(tokenisation=tokenisation, entries=unfitted.entries, longest=max(lengths.tolist(), default=1))

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
        return self._encoded([[_tokens(text, self.tokenisation) for text in column] for column in columns])

    def _encoded(self, cut: Sequence[Sequence[Sequence[str] | None]]) -> Ragged:
        index = {token: number for number, token in enumerate(self.entries, start=RESERVED)}
        rows = zip(*cut, strict=True)
        if self.tokenisation.ordered:
            return Ragged.of([self._in_order(texts, index) for texts in rows])
        return Ragged.of([self._bag(texts, index) for texts in rows])

    def _in_order(self, texts: Sequence[Sequence[str] | None], index: Mapping[str, int]) -> list[int]:
        ids = [[UNKNOWN] if text is None else [index.get(token, UNKNOWN) for token in text] for text in texts]
        room = max(self.longest - len(texts) - 1, 0)
        row = [BEGIN]
        for text, share in zip(ids, shared(tuple(map(len, ids)), room), strict=True):
            row += text[:share]
            row.append(BETWEEN)
        row[-1] = END
        return row[: self.longest]

    def _bag(self, texts: Sequence[Sequence[str] | None], index: Mapping[str, int]) -> list[int]:
        ids = [[index[token] for token in text or () if token in index] for text in texts]
        shares = shared(tuple(map(len, ids)), self.longest)
        return list(chain.from_iterable(text[:share] for text, share in zip(ids, shares, strict=True))) or [UNKNOWN]

    def to_json(self) -> Mapping[str, Any]:
        """The vocabulary as plain JSON data."""
        return {"tokenisation": asdict(self.tokenisation), "longest": self.longest, "entries": list(self.entries)}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Vocabulary:
        """The vocabulary that `to_json` wrote.

        Raises:
            ValueError: the data do not have that form.
        """
        return Vocabulary(
            tokenisation=from_json(Tokenisation, data["tokenisation"]),
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


def _tokens(text: Text, tokenisation: Tokenisation) -> list[str] | None:
    return None if text is None else tokenisation.tokens(text)
