"""Features of two texts beside each other: what they share, and what stands in one of them alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np
from scipy import sparse

from kilter.models.tfidf import Weighed

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOKEN: Final = re.compile(r"\w+|[^\w\s]")
"""Words, one letter long or more, and every other sign alone."""

_SPELLED: Final = 3  # characters of a piece


@final
class Overlap:
    """Two columns of texts as one sparse matrix (n, features), as the training rows decide.

    For each word and each two words that stand together, how much weight they have in both texts, in the first one
    alone and in the second one alone; and in a few numbers, how like the texts are as sets and as multisets.
    """

    def __init__(self) -> None:
        self._words = Weighed(ngram_range=(1, 2), token_pattern=f"(?u){TOKEN.pattern}", max_features=50_000)

    def fit(self, left: Sequence[str], right: Sequence[str]) -> Overlap:
        """Take the words of both columns."""
        self._words.fit([*left, *right])
        return self

    def transform(self, left: Sequence[str], right: Sequence[str]) -> Any:
        """The features of each row's two texts."""
        one, other = self._words.transform(left), self._words.transform(right)
        apart = one - other
        lowered = [(a.lower(), b.lower()) for a, b in zip(left, right, strict=True)]
        alike = [
            np.r_[likeness(TOKEN.findall(a), TOKEN.findall(b)), likeness(_pieces(a), _pieces(b))] for a, b in lowered
        ]
        numbers = np.reshape(alike, (-1, 12))
        shared = one.minimum(other)
        return sparse.hstack([shared, apart.maximum(0), (-apart).maximum(0), sparse.csr_matrix(numbers)], format="csr")


def likeness(left: Sequence[str], right: Sequence[str]) -> NDArray[np.float64]:
    """How like two lists are, in six numbers.

    The Jaccard index of them as sets; which share of the first one the second one has, and the other way round, each
    occurrence counted; whether they are the same but for the order; the shorter length by the longer one; and the
    logarithm of the first length by the second.

    >>> likeness("listen", "silent").round(2).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 0.0]
    >>> likeness(["a", "b", "b"], ["b", "c"]).round(2).tolist()
    [0.33, 0.33, 0.5, 0.0, 0.67, 0.29]
    """
    one, other = Counter(left), Counter(right)
    both = (one & other).total()
    union = len(one | other)
    shorter, longer = sorted((len(left), len(right)))
    return np.array(
        [
            len(one.keys() & other.keys()) / union if union else 1.0,
            both / len(left) if left else 1.0,
            both / len(right) if right else 1.0,
            float(one == other),
            shorter / longer if longer else 1.0,
            np.log((1 + len(left)) / (1 + len(right))) if left or right else 0.0,
        ]
    )


def _pieces(text: str) -> list[str]:
    return [text[start : start + _SPELLED] for start in range(len(text) - _SPELLED + 1)]
