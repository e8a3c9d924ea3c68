"""What a model is given: the sizes that data decide and that a model must be built for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Sizes of the inputs of a pipeline; zero or empty where there is no such input.

    Attributes:
        vocabulary: number of token ids, with 0 for padding and 1 for unknown tokens; `tokens` (b, t), `mask` (b, t).
        longest: tokens of the longest example after truncation.
        texts: columns of text in one example; from two on, `segments` (b, t) int64 says for each token of which
            column it is, 0 for the first.
        characters: number of character ids, with 0 for padding; `characters` (b, t, c) int64 spells each token out.
        answers: number of token ids of a target text that the model is given: `answers` (b, s), `answers_mask` (b, s).
        ordered: whether tokens stand in the order of the text; those of a bag of n-grams do not.
        numbers: columns of `numbers` (b, numbers).
        categories: number of values of each column of `categories` (b, len(categories)); 0 is missing or unseen.
        image: channels, height and width of `image` (b, channels, height, width).
    """

    vocabulary: int = 0
    longest: int = 0
    ordered: bool = True
    texts: int = 0
    characters: int = 0
    answers: int = 0
    numbers: int = 0
    categories: tuple[int, ...] = ()
    image: tuple[int, int, int] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tensors in `Batch.inputs`."""
        given = {
            "tokens": self.vocabulary > 0,
            "mask": self.vocabulary > 0,
            "segments": self.texts > 1 and self.ordered,
            "characters": self.characters > 0,
            "answers": self.answers > 0,
            "answers_mask": self.answers > 0,
            "numbers": self.numbers > 0,
            "categories": bool(self.categories),
            "image": self.image is not None,
        }
        return tuple(name for name, there in given.items() if there)
