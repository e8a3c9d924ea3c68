"""What a person may decide of the preprocessing."""

from __future__ import annotations

from typing import Annotated, Any, final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from kilter.data.scaling import Scaling
from kilter.data.tokens import Tokenisation, Unit


def _pair(given: object) -> object:
    return tuple(given) if isinstance(given, list) else given


def _ascending(sizes: tuple[int, int]) -> tuple[int, int]:
    if not 1 <= sizes[0] <= sizes[1]:
        message = "must be the shortest and the longest n-gram, such as [1, 2]"
        raise ValueError(message)
    return sizes


Sizes = Annotated[tuple[int, int], BeforeValidator(_pair), AfterValidator(_ascending)]


@final
class PreprocessingSettings(BaseModel):
    """How inputs become numbers; what is fitted is fitted on the training split alone."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    unit: Unit = "word"  # of texts: words, characters, or a bag of n-grams
    lower: bool = True  # letters of texts
    minimum_count: int = Field(default=2, ge=1)  # rarer tokens are unknown
    largest_vocabulary: int = Field(default=50_000, ge=1)  # tokens
    longest: int = Field(default=512, ge=8)  # words or characters a row; the rest is cut off
    word_ngrams: Sizes | None = (1, 2)  # of unit ngrams: shortest and longest
    character_ngrams: Sizes | None = (3, 5)  # of unit ngrams: inside words, their edges marked
    numbers: Scaling = "both"  # normal scores of quantiles, mean 0 and deviation 1, or both side by side
    levels: int = Field(default=32, ge=0)  # columns of so many whole numbers at most are also taken as categories

    def model_post_init(self, context: Any, /) -> None:
        """Refuse a bag of nothing."""
        if self.unit == "ngrams" and self.word_ngrams is None and self.character_ngrams is None:
            message = "unit ngrams needs word_ngrams or character_ngrams"
            raise ValueError(message)

    @property
    def tokenisation(self) -> Tokenisation:
        """How texts are cut."""
        return Tokenisation(
            unit=self.unit,
            lower=self.lower,
            word_ngrams=self.word_ngrams,
            character_ngrams=self.character_ngrams,
        )
