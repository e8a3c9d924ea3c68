"""Simple taggers that a network must beat: each word's most frequent tag, and a window of words."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, final

import numpy as np
from scipy import sparse

from kilter.models.crf import Field, fit_field
from kilter.models.lesson import Lesson
from kilter.values.errors import UsageError
from kilter.values.table import Kind, Schema, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

Answers = list["NDArray[np.float64]"]
"""The probability of each tag of each token, (t_i, k) for each sentence."""

REACH: Final = 2  # words either side that a window sees
LONGEST_AFFIX: Final = 4  # letters of a beginning or an ending
FEWEST: Final = 2  # tokens of the training split that have a feature that counts
PENALTY: Final = 0.3
ITERATIONS: Final = 60


@final
class MostFrequentTag:
    """Each word has the tags that it has in training, as often as there; words that are new are outside."""

    def __init__(self, schema: Schema, classes: int, seed: int) -> None:
        self._words = _words_of(schema)
        self._classes = classes
        self._shares: dict[str, NDArray[np.float64]] = {}

    def fit(self, lesson: Lesson) -> None:
        """Count the tags of each word."""
        counts: defaultdict[str, NDArray[np.float64]] = defaultdict(lambda: np.zeros(self._classes))
        for words, tags in zip(_sentences(lesson.train, self._words), lesson.targets, strict=True):
            for word, tag in zip(words, np.asarray(tags).tolist(), strict=False):
                counts[word][tag] += 1
        self._shares = {word: of_word / of_word.sum() for word, of_word in counts.items()}

    def answer(self, table: Table) -> Answers:
        """The shares of each word's tags."""
        outside = np.eye(self._classes)[0]
        return [
            np.array([self._shares.get(word, outside) for word in words]).reshape(-1, self._classes)
            for words in _sentences(table, self._words)
        ]


@final
class WindowTagger:
    """A conditional random field over what each word is, how it is spelled, and which words are beside it."""

    def __init__(self, schema: Schema, classes: int, seed: int) -> None:
        self._schema = schema
        self._words = _words_of(schema)
        self._classes = classes
        self._index: dict[str, int] = {}
        self._field: Field | None = None

    def fit(self, lesson: Lesson) -> None:
        """Weigh the features that two tokens of the training rows have at least."""
        sentences = _sentences(lesson.train, self._words)
        counts = Counter(feature for words in sentences for features in _windows(words) for feature in features)
        known = sorted(feature for feature, count in counts.items() if count >= FEWEST)
        self._index = {feature: number for number, feature in enumerate(known)}
        weight = self._schema.weight
        self._field = fit_field(
            self._features(sentences),
            np.concatenate([np.zeros(0, np.int64), *(np.asarray(tags, dtype=np.int64) for tags in lesson.targets)]),
            [len(words) for words in sentences],
            k=self._classes,
            weights=None if weight is None else lesson.train.columns[weight].astype(np.float64),
            penalty=PENALTY,
            iterations=ITERATIONS,
        )

    def answer(self, table: Table) -> Answers:
        """The probabilities of each token's tags, given its whole sentence."""
        if self._field is None:
            raise UsageError("the baseline was not fitted", remedy="call `fit` first")
        sentences = _sentences(table, self._words)
        lengths = [len(words) for words in sentences]
        shares = self._field.shares(self._features(sentences), lengths)
        return np.split(shares, np.cumsum(lengths)[:-1]) if lengths else []

    def _features(self, sentences: Sequence[Sequence[str]]) -> sparse.csr_array:
        """Which known features each token has, (tokens, features)."""
        columns: list[int] = []
        ends = [0]
        for words in sentences:
            for features in _windows(words):
                columns += [self._index[feature] for feature in features if feature in self._index]
                ends.append(len(columns))
        ones = np.ones(len(columns))
        return sparse.csr_array((ones, columns, ends), shape=(len(ends) - 1, len(self._index)))


def _words_of(schema: Schema) -> str:
    """The one column of words.

    Raises:
        UsageError: there is none, or there are several.
    """
    names = schema.of_kind(Kind.TOKENS)
    if len(names) != 1:
        raise UsageError(
            f"{len(names)} columns of words", legal="one, whose words are tagged", remedy="ignore the others"
        )
    return names[0]


def _sentences(table: Table, name: str) -> list[tuple[str, ...]]:
    return [tuple(words or ()) for words in table.columns[name].tolist()]


def _windows(words: Sequence[str]) -> Iterator[list[str]]:
    """The features of each word: itself, its form, its beginnings and endings, and the words around it."""
    lowered = [_plain(word) for word in words]
    shapes = [shape(word) for word in words]
    edge = [""] * REACH
    around, forms = [*edge, *lowered, *edge], [*edge, *shapes, *edge]
    for place, word in enumerate(words):
        low = lowered[place]
        features = ["always", f"word={word}", f"form={shapes[place]}"]
        features += [f"begins={low[:size]}" for size in range(1, min(len(low), LONGEST_AFFIX) + 1)]
        features += [f"ends={low[-size:]}" for size in range(1, min(len(low), LONGEST_AFFIX) + 1)]
        features += [f"{offset - REACH}={around[place + offset]}" for offset in range(2 * REACH + 1)]
        features += [f"{offset - REACH}:{forms[place + offset]}" for offset in range(2 * REACH + 1)]
        middle = place + REACH
        features += [f"{at - middle}&{around[at]}&{around[at + 1]}" for at in range(middle - 2, middle + 2)]
        features += [f"{at - middle}&&{forms[at]}&{forms[at + 1]}" for at in range(middle - 1, middle + 1)]
        yield features


_DIGIT: Final = re.compile(r"\d")


def _plain(word: str) -> str:
    return _DIGIT.sub("0", word.lower())


def shape(word: str) -> str:
    """The form of a word: which kinds of letters follow one another, runs of one kind cut to two.

    >>> shape("McDonald"), shape("7:30pm"), shape("iPhone11")
    ('XxXxx', '0:00xx', 'xXxx00')
    """
    kinds = ["X" if sign.isupper() else "x" if sign.isalpha() else "0" if sign.isdigit() else sign for sign in word]
    return "".join(kind for at, kind in enumerate(kinds) if kinds[max(0, at - 2) : at] != [kind, kind])
