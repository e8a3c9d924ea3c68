"""Texts as tokens: words, characters, or bags of n-grams."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, final

Unit = Literal["word", "character", "ngrams"]

WORD: Final = re.compile(r"\d+(?:[.,]\d+)+|\w+(?:['’]\w+)*|[^\w\s]")
"""Numbers with their points and commas, words with their apostrophes, every other sign alone."""

EDGE: Final = "\x1f"
"""Stands at the edges of a word in its character n-grams, and tells them from words; no word can hold it."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Tokenisation:
    """How a text is cut into tokens.

    Attributes:
        unit: `word`; `character`; or `ngrams`, a bag of word n-grams and of the character n-grams inside each word
            with its edges marked (Bojanowski et al. 2017, section 3.2), whose order means nothing.
        lower: whether letters are lowered first.
        word_ngrams: shortest and longest word n-gram of `ngrams`; None takes none.
        character_ngrams: shortest and longest character n-gram of `ngrams`; None takes none.
    """

    unit: Unit = "word"
    lower: bool = True
    word_ngrams: tuple[int, int] | None = (1, 2)
    character_ngrams: tuple[int, int] | None = (3, 5)

    @property
    def ordered(self) -> bool:
        """Whether the order of the tokens is that of the text."""
        return self.unit != "ngrams"

    def tokens(self, text: str | tuple[str, ...]) -> list[str]:
        """All tokens of a text: in order, or as a bag.

        >>> Tokenisation().tokens("Isn't it 3.50 €?")
        ["isn't", 'it', '3.50', '€', '?']
        >>> Tokenisation(unit="character").tokens("Ay!")
        ['a', 'y', '!']
        >>> bag = Tokenisation(unit="ngrams", character_ngrams=(3, 3)).tokens("So so")
        >>> [token.replace(EDGE, "|") for token in bag]
        ['so', 'so', 'so so', '||so', '|so|', '||so', '|so|']
        """
        parts = self.parts(text)
        return self.joined(parts) + [piece for part in parts for piece in self.pieces(part)]

    def parts(self, text: str | tuple[str, ...]) -> list[str]:
        """A text's words or characters in Unicode's composed form (NFC); a tuple is cut into words already."""
        if self.unit == "character":
            return list(self._normal(text if isinstance(text, str) else " ".join(text)))
        return WORD.findall(self._normal(text)) if isinstance(text, str) else [self._normal(word) for word in text]

    def joined(self, parts: Sequence[str]) -> list[str]:
        """The tokens that parts make together: word n-grams of a bag, else the parts themselves."""
        if self.ordered:
            return list(parts)
        shortest, longest = self.word_ngrams or (1, 0)
        sizes = range(shortest, longest + 1)
        return [" ".join(parts[start : start + size]) for size in sizes for start in range(len(parts) - size + 1)]

    def pieces(self, part: str) -> list[str]:
        """The tokens inside one part: character n-grams of a bag."""
        if self.ordered or not self.character_ngrams:
            return []
        shortest, longest = self.character_ngrams
        marked = f"{EDGE}{part}{EDGE}"
        sizes = range(shortest, longest + 1)
        return [EDGE + marked[start : start + size] for size in sizes for start in range(len(marked) - size + 1)]

    def _normal(self, text: str) -> str:
        composed = unicodedata.normalize("NFC", text)
        return composed.lower() if self.lower else composed
