"""What a person may decide of the preprocessing."""

from __future__ import annotations

from typing import Annotated, Any, Final, final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from kilter.data.normalisation import Normalisation, UnicodeForm
from kilter.data.scaling import Scaling
from kilter.data.tokens import Tokenisation, Unit
from kilter.data.vocabulary import Kept
from kilter.values.task import Form


def _pair(given: object) -> object:
    return tuple(given) if isinstance(given, list) else given


def _ascending(sizes: tuple[int, int]) -> tuple[int, int]:
    if not 1 <= sizes[0] <= sizes[1]:
        message = "must be the shortest and the longest n-gram, such as [1, 2]"
        raise ValueError(message)
    return sizes


def _words(given: object) -> object:
    words = (given,) if isinstance(given, str) else given
    return tuple(words) if isinstance(words, list) else words


def _whole(words: tuple[str, ...]) -> tuple[str, ...]:
    if any(not word.strip() for word in words) or len(set(words)) < len(words):
        message = "must be different strings that are not blank"
        raise ValueError(message)
    return words


Words = Annotated[tuple[str, ...], BeforeValidator(_words), AfterValidator(_whole)]
Sizes = Annotated[tuple[int, int], BeforeValidator(_pair), AfterValidator(_ascending)]

OF_TEXTS: Final = (
    "unit",
    "lower",
    "normalise",
    "accents",
    "spaces",
    "special",
    "separator",
    "minimum_count",
    "largest_vocabulary",
    "longest",
    "truncation",
    "word_ngrams",
    "character_ngrams",
)
"""Settings that nothing reads where no input is a text."""


@final
class PreprocessingSettings(BaseModel):
    """How inputs become numbers; what is fitted is fitted on the training split alone."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    unit: Unit = "word"  # of texts: words, characters, learnt pieces of words (bpe), or a bag of n-grams
    lower: bool = True  # letters of texts
    normalise: UnicodeForm = "NFC"  # NFKC also makes ligatures, full-width letters and the like plain
    accents: bool = True  # without them é is e
    spaces: bool = True  # of unit character: white space as it is; else each run of it is one space
    special: Words = ()  # strings that are kept whole, such as "<sep>" or "@user"
    separator: str | None = Field(default=None, min_length=1)  # parts one column into two texts, where it stands first
    minimum_count: int = Field(default=2, ge=1)  # rarer tokens are unknown
    largest_vocabulary: int = Field(default=50_000, ge=1)  # tokens
    longest: int = Field(default=512, ge=8)  # words or characters a row; the longest texts are cut first
    truncation: Kept = "head"  # what stays of a text that is cut: its head, its tail, or both ends
    word_ngrams: Sizes | None = (1, 2)  # of unit ngrams: shortest and longest
    character_ngrams: Sizes | None = (3, 5)  # of unit ngrams: inside words, their edges marked
    numbers: Scaling = "both"  # normal scores of quantiles, mean 0 and deviation 1, or both side by side
    levels: int = Field(default=32, ge=0)  # columns of so many whole numbers at most are also taken as categories

    def model_post_init(self, context: Any, /) -> None:
        """Refuse a bag of nothing."""
        if self.unit == "ngrams" and self.word_ngrams is None and self.character_ngrams is None:
            message = "unit ngrams needs word_ngrams or character_ngrams"
            raise ValueError(message)

    def suited(self, form: Form, *, texts: int = 0, model: str = "auto", stream: bool = False) -> PreprocessingSettings:
        """What was said; where nothing was, what suits the model, the number of its texts and what it answers.

        Texts to be written keep their capitals, and a stream goes by characters. A single text that is answered once
        becomes a bag of words and of two words in a row, however rare: over four sets of questions, reviews and tweets
        that was, on the average, as good as a network that reads words in their order, and took a fifth of its time.

        >>> PreprocessingSettings(lower=True).suited(Form.NEXT, stream=True).tokenisation.unit
        'character'
        >>> suited = PreprocessingSettings().suited(Form.ROW, texts=1)
        >>> suited.unit, suited.word_ngrams, suited.character_ngrams, suited.minimum_count
        ('ngrams', (1, 2), None, 1)
        """
        better: dict[str, object] = {"lower": False} if form in {Form.NEXT, Form.TEXT} else {}
        if stream:
            better["unit"] = "character"
        single = texts == 1 and self.separator is None
        bag = form is Form.ROW and (model == "bag" or (model == "auto" and single))
        if bag and "unit" not in self.model_fields_set:
            better |= {"unit": "ngrams", "character_ngrams": None, "minimum_count": 1}
        return self.model_copy(update={k: value for k, value in better.items() if k not in self.model_fields_set})

    @property
    def tokenisation(self) -> Tokenisation:
        """How texts are cut."""
        return Tokenisation(
            unit=self.unit,
            normalisation=Normalisation(
                form=self.normalise, accents=self.accents, spaces=self.spaces, lower=self.lower
            ),
            special=self.special,
            word_ngrams=self.word_ngrams,
            character_ngrams=self.character_ngrams,
        )
