"""Words letter by letter: what a model can know of a word that it has never seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

import numpy as np

from kilter.data.ragged import Ragged

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEAD: Final = 12  # letters that are kept of the beginning of a long word, where its stem is
TAIL: Final = 8  # and of its end, where its inflection is
UNKNOWN: Final = 1  # a letter that training did not have; 0 is padding
RESERVED: Final = 2


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Spelled:
    """Rows of words, each distinct word spelled once.

    Attributes:
        words: for each row the numbers of its words.
        letters: (words, 20) ids of the letters of each distinct word, padded with 0; word 0 is padding.
    """

    words: Ragged
    letters: NDArray[np.int64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Alphabet:
    """The letters of the training words; the first has the id 2.

    Attributes:
        entries: letters, the most frequent first.
        longest: words of a row at most.
    """

    entries: tuple[str, ...]
    longest: int

    @staticmethod
    def fit(rows: Iterable[Sequence[str] | None], *, longest: int) -> Alphabet:
        """The alphabet of rows of words."""
        words = Counter(word for row in rows for word in row or ())
        counts: Counter[str] = Counter()
        for word, times in words.items():
            for letter in word:
                counts[letter] += times
        return Alphabet(entries=tuple(sorted(counts, key=lambda letter: (-counts[letter], letter))), longest=longest)

    def __len__(self) -> int:
        return RESERVED + len(self.entries)

    def encode(self, rows: Sequence[Sequence[str] | None]) -> Spelled:
        """Rows of words; a row that is missing or empty has one word without letters.

        >>> spelled = Alphabet.fit([["to", "do"]], longest=9).encode([["to", "to"], None])
        >>> spelled.words[0].tolist(), spelled.words[1].tolist(), spelled.letters[1, :3].tolist()
        ([1, 1], [0], [4, 2, 0])
        """
        index = {letter: number for number, letter in enumerate(self.entries, start=RESERVED)}
        numbers: dict[str, int] = {}
        words = [
            [numbers.setdefault(word, len(numbers) + 1) for word in (row or ())[: self.longest]] or [0] for row in rows
        ]
        letters = np.zeros((len(numbers) + 1, HEAD + TAIL), dtype=np.int64)
        for word, number in numbers.items():
            kept = word if len(word) <= HEAD + TAIL else word[:HEAD] + word[-TAIL:]
            letters[number, : len(kept)] = [index.get(letter, UNKNOWN) for letter in kept]
        return Spelled(words=Ragged.of(words), letters=letters)
