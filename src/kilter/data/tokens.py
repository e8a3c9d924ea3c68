"""Texts as tokens: words, characters, learnt pieces of words, or bags of n-grams."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, Literal, final

from kilter.data.normalisation import Normalisation
from kilter.data.subwords import cut_into_pieces, learn_pieces

Unit = Literal["word", "character", "bpe", "ngrams"]
Text = str | tuple[str, ...] | None
"""A text, one that was cut into words already, or none."""

WORD: Final = re.compile(r"\d+(?:[.,]\d+)+|\w+(?:['’]\w+)*|[^\w\s]")
"""Numbers with their points and commas, words with their apostrophes, every other sign alone."""

EDGE: Final = "\x1f"
"""Stands at the edges of a word in its character n-grams, and tells them from words; no word can hold it."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Tokenisation:
    """How a text is cut into tokens.

    Attributes:
        unit: `word`; `character`; `bpe`, pieces of words that training learns (byte-pair encoding); or `ngrams`, a bag
            of word n-grams and of the character n-grams inside each word with its edges marked (Bojanowski et al.
            2017, section 3.2), whose order means nothing.
        normalisation: what is made the same first.
        special: strings that are kept whole and as they are, such as `<sep>` or `@user`.
        word_ngrams: shortest and longest word n-gram of `ngrams`; None takes none.
        character_ngrams: shortest and longest character n-gram of `ngrams`; None takes none.
        pieces: of `bpe`, what training has learnt; empty before.
    """

    unit: Unit = "word"
    normalisation: Normalisation = field(default_factory=Normalisation)
    special: tuple[str, ...] = ()
    word_ngrams: tuple[int, int] | None = (1, 2)
    character_ngrams: tuple[int, int] | None = (3, 5)
    pieces: str = ""

    @property
    def ordered(self) -> bool:
        """Whether the order of the tokens is that of the text."""
        return self.unit != "ngrams"

    def fitted(self, texts: Iterable[Text], *, largest: int, minimum_count: int) -> Tokenisation:
        """With what is learnt of training texts; only `bpe` learns anything."""
        if self.unit != "bpe":
            return self
        plain = (self.normalisation(part) for text in texts for part, whole in self._divided(text) if not whole)
        return replace(self, pieces=learn_pieces(plain, size=largest, minimum_count=minimum_count))

    def tokens(self, text: str | tuple[str, ...]) -> list[str]:
        """All tokens of a text: in order, or as a bag.

        >>> Tokenisation().tokens("Isn't it 3.50 €?")
        ["isn't", 'it', '3.50', '€', '?']
        >>> Tokenisation(unit="character", special=("<sep>",)).tokens("Ay<sep>B!")
        ['a', 'y', '<sep>', 'b', '!']
        >>> bag = Tokenisation(unit="ngrams", character_ngrams=(3, 3)).tokens("So so")
        >>> [token.replace(EDGE, "|") for token in bag]
        ['so', 'so', 'so so', '||so', '|so|', '||so', '|so|']
        """
        parts = self.parts(text)
        return self.joined(parts) + [piece for part in parts for piece in self.inside(part)]

    def parts(self, text: str | tuple[str, ...]) -> list[str]:
        """A text's words, characters or pieces, and what is kept whole; a tuple is cut into words already."""
        if isinstance(text, tuple) and self.unit in {"word", "ngrams"}:
            return [word if word in self.special else self.normalisation(word) for word in text]
        found: list[str] = []
        for part, whole in self._divided(text):
            found += [part] if whole else self._cut(self.normalisation(part))
        return found

    def joined(self, parts: Sequence[str]) -> list[str]:
        """The tokens that parts make together: word n-grams of a bag, else the parts themselves."""
        if self.ordered:
            return list(parts)
        shortest, longest = self.word_ngrams or (1, 0)
        sizes = range(shortest, longest + 1)
        return [" ".join(parts[start : start + size]) for size in sizes for start in range(len(parts) - size + 1)]

    def inside(self, part: str) -> list[str]:
        """The tokens inside one part: character n-grams of a bag."""
        if self.ordered or not self.character_ngrams or part in self.special:
            return []
        shortest, longest = self.character_ngrams
        marked = f"{EDGE}{part}{EDGE}"
        sizes = range(shortest, longest + 1)
        return [EDGE + marked[start : start + size] for size in sizes for start in range(len(marked) - size + 1)]

    def _divided(self, text: Text) -> Iterator[tuple[str, bool]]:
        """What is kept whole, and what stands between."""
        whole = " ".join(text) if isinstance(text, tuple) else text or ""
        if not self.special:
            yield whole, False
            return
        for place, part in enumerate(_any_of(self.special).split(whole)):
            if part:
                yield part, place % 2 == 1

    def _cut(self, text: str) -> list[str]:
        match self.unit:
            case "character":
                return list(text)
            case "bpe":
                return cut_into_pieces(self.pieces, text)
            case _:
                return WORD.findall(text)


@lru_cache(maxsize=64)
def _any_of(special: tuple[str, ...]) -> re.Pattern[str]:
    """Finds the longest of the strings that stands at a place."""
    return re.compile("(" + "|".join(map(re.escape, sorted(special, key=len, reverse=True))) + ")")
