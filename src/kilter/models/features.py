"""Features of tables for simple models: TF-IDF of texts, scaled numbers, one column a category, pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from kilter.values.table import Kind, Schema, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
class Features:
    """Turns the inputs of a schema into one matrix (n, features), as the training split decides; sparse for texts."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._fitted: dict[str, Any] = {}

    def fit(self, train: Table) -> Features:
        """Fit every part on the training rows."""
        for name in self._schema.of_kind(Kind.TEXT):
            self._fitted[name] = _texts().fit(_words(train, name))
        numbers = self._schema.of_kind(Kind.NUMBER)
        if numbers:
            imputed = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
            self._fitted["numbers"] = make_pipeline(imputed, StandardScaler()).fit(_numbers(train, numbers))
        categories = self._schema.of_kind(Kind.CATEGORY)
        if categories:
            encoder = OneHotEncoder(handle_unknown="ignore", min_frequency=2, sparse_output=True)
            self._fitted["categories"] = encoder.fit(_categories(train, categories))
        return self

    def transform(self, table: Table) -> Any:
        """The features of a table's rows."""
        parts: list[Any] = [self._fitted[n].transform(_words(table, n)) for n in self._schema.of_kind(Kind.TEXT)]
        if "numbers" in self._fitted:
            scaled = self._fitted["numbers"].transform(_numbers(table, self._schema.of_kind(Kind.NUMBER)))
            parts.append(np.nan_to_num(scaled).clip(-10, 10))
        if "categories" in self._fitted:
            columns = self._schema.of_kind(Kind.CATEGORY)
            parts.append(self._fitted["categories"].transform(_categories(table, columns)))
        parts += [_pixels(table, name) for name in self._schema.of_kind(Kind.IMAGE)]
        if any(sparse.issparse(part) for part in parts):
            return sparse.hstack(parts, format="csr")
        return np.hstack(parts)


def ordinal(schema: Schema, train: Table, table: Table) -> tuple[NDArray[np.float64], list[bool]]:
    """Numbers as they are and categories as codes, for trees, and which columns are codes.

    Values that training did not have, and missing ones, are not-a-number.
    """
    columns: list[NDArray[np.float64]] = [_numbers(table, schema.of_kind(Kind.NUMBER))]
    names = schema.of_kind(Kind.CATEGORY)
    for name in names:
        known: dict[object, int] = {}
        for value in train.columns[name].tolist():
            if value is not None and len(known) < 255:  # the most that the trees take
                known.setdefault(value, len(known))
        codes = [known.get(value, np.nan) for value in table.columns[name].tolist()]
        columns.append(np.array(codes, dtype=np.float64)[:, None])
    return np.hstack(columns), [False] * len(schema.of_kind(Kind.NUMBER)) + [True] * len(names)


def _texts() -> Any:
    """Words and pairs of words, and pieces of words, each weighed by how rare it is."""
    frequent = {"min_df": 2, "sublinear_tf": True, "max_features": 100_000}
    words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", **frequent)  # noqa: S106 - no password
    return make_union(words, TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5), lowercase=False, **frequent))


def _words(table: Table, name: str) -> list[str]:
    return ["" if value is None else str(value) for value in table.columns[name].tolist()]


def _numbers(table: Table, names: tuple[str, ...]) -> NDArray[np.float64]:
    if not names:
        return np.empty((len(table), 0))
    columns = np.stack([table.columns[name].astype(np.float64) for name in names], axis=1)
    return np.where(np.isfinite(columns), columns, np.nan)


def _categories(table: Table, names: tuple[str, ...]) -> NDArray[Any]:
    columns = [["" if value is None else str(value) for value in table.columns[name].tolist()] for name in names]
    return np.array(columns, dtype=object).T


def _pixels(table: Table, name: str) -> NDArray[np.float64]:
    images = table.columns[name].astype(np.float64).reshape(len(table), -1)
    return images / 255.0 if table.columns[name].dtype == np.uint8 else images
