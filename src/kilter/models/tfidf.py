"""Texts as the weights of their words and pieces of words (TF-IDF), for simple models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer


@final
class Weighed:
    """TF-IDF of one kind of n-gram; nothing, where two training texts share none."""

    def __init__(self, **options: object) -> None:
        self._vectorizer = TfidfVectorizer(min_df=2, **options)
        self._empty = False

    def fit(self, texts: Sequence[str]) -> Weighed:
        """Count the n-grams of the training texts."""
        try:
            self._vectorizer.fit(texts)
        except ValueError:  # no n-gram stands in two texts
            self._empty = True
        return self

    def transform(self, texts: Sequence[str]) -> Any:
        """Sparse rows (n, n-grams) of unit length."""
        return sparse.csr_matrix((len(texts), 0)) if self._empty else self._vectorizer.transform(texts)


@final
class Tfidf:
    """Words and pairs of words, and pieces of words, each weighed by how rare it is."""

    def __init__(self) -> None:
        options = {"sublinear_tf": True, "max_features": 100_000}
        self._parts = (
            Weighed(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", **options),  # noqa: S106 - no password
            Weighed(analyzer="char_wb", ngram_range=(1, 5), lowercase=False, **options),
        )

    def fit(self, texts: Sequence[str]) -> Tfidf:
        """Count the words of the training texts."""
        for part in self._parts:
            part.fit(texts)
        return self

    def transform(self, texts: Sequence[str]) -> Any:
        """Sparse rows (n, features)."""
        return sparse.hstack([part.transform(texts) for part in self._parts], format="csr")
