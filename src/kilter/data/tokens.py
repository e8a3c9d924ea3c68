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
        """The tokens of a text in Unicode's composed form (NFC), or of one that is cut into words already.

        >>> Tokenisation().tokens("Isn't it 3.50 €?")
        ["isn't", 'it', '3.50', '€', '?']
        >>> Tokenisation(unit="character").tokens("Ay!")
        ['a', 'y', '!']
        >>> [token.replace(EDGE, "|") for token in Tokenisation(unit="ngrams", character_ngrams=(3, 3)).tokens("So so")]
        ['so', 'so', 'so so', '||so', '|so|', '||so', '|so|']
        """
        if self.unit == "character":
            return list(self._normal(text if isinstance(text, str) else " ".join(text)))
        words = WORD.findall(self._normal(text)) if isinstance(text, str) else [self._normal(word) for word in text]
        return words if self.unit == "word" else self._ngrams(words)

    def _normal(self, text: str) -> str:
        composed = unicodedata.normalize("NFC", text)
        return composed.lower() if self.lower else composed

    def _ngrams(self, words: Sequence[str]) -> list[str]:
        tokens: list[str] = []
        if self.word_ngrams:
            shortest, longest = self.word_ngrams
            for size in range(shortest, longest + 1):
                tokens += [" ".join(words[start : start + size]) for start in range(len(words) - size + 1)]
        if self.character_ngrams:
            shortest, longest = self.character_ngrams
            for word in words:
                marked = f"{EDGE}{word}{EDGE}"
                for size in range(shortest, longest + 1):
                    tokens += [EDGE + marked[start : start + size] for start in range(len(marked) - size + 1)]
        return tokens
