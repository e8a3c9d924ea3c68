"""Features of tables for simple models: TF-IDF of texts, what two share, scaled numbers, categories, pixels."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, ClassVar, Final, final

import numpy as np
from scipy import sparse
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from kilter.models.overlap import Overlap
from kilter.models.tfidf import Tfidf
from kilter.values.table import Kind, Schema, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


_MOST_CODES: Final = 255  # categories of a column that the trees take


@final
class Features:
    """Turns the inputs of a schema into one matrix (n, features), as the training split decides; sparse for texts.

    Each text is taken apart from the others, and every two of them are also compared.
    """

    codes: ClassVar[list[bool] | None] = None  # a category is as many columns as it has values

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._texts: dict[str, Tfidf] = {}
        self._pairs: dict[tuple[str, str], Overlap] = {}
        self._fitted: dict[str, Any] = {}

    def fit(self, train: Table) -> Features:
        """Fit every part on the training rows."""
        texts = {name: _words(train, name) for name in self._schema.of_kind(Kind.TEXT, Kind.TOKENS)}
        self._texts = {name: Tfidf().fit(column) for name, column in texts.items()}
        self._pairs = {
            (left, right): Overlap().fit(texts[left], texts[right]) for left, right in combinations(texts, 2)
        }
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
        texts = {name: _words(table, name) for name in self._texts}
        parts: list[Any] = [tfidf.transform(texts[name]) for name, tfidf in self._texts.items()]
        parts += [overlap.transform(texts[left], texts[right]) for (left, right), overlap in self._pairs.items()]
        if "numbers" in self._fitted:
            scaled = self._fitted["numbers"].transform(_numbers(table, self._schema.of_kind(Kind.NUMBER)))
            parts.append(np.nan_to_num(scaled).clip(-10, 10))
        if "categories" in self._fitted:
            columns = self._schema.of_kind(Kind.CATEGORY)
            parts.append(self._fitted["categories"].transform(_categories(table, columns)))
        parts += [_pixels(table, name) for name in self._schema.of_kind(Kind.IMAGE)]
        if any(sparse.issparse(part) for part in parts):
            return sparse.hstack(parts, format="csr")
        return np.hstack(parts) if parts else np.zeros((len(table), 1))


@final
class Codes:
    """Numbers as they are and categories as codes, for trees; a dense matrix (n, columns).

    Values that training did not have, and missing ones, are not-a-number.
    """

    def __init__(self, schema: Schema) -> None:
        self._numbers = schema.of_kind(Kind.NUMBER)
        self._known: dict[str, dict[object, int]] = {name: {} for name in schema.of_kind(Kind.CATEGORY)}

    @property
    def codes(self) -> list[bool] | None:
        """Which columns are codes; None where none is."""
        return [False] * len(self._numbers) + [True] * len(self._known) if self._known else None

    def fit(self, train: Table) -> Codes:
        """Number the categories in the order in which training has them."""
        for name, known in self._known.items():
            known.clear()
            for value in train.columns[name].tolist():
                if value is not None and len(known) < _MOST_CODES:
                    known.setdefault(value, len(known))
        return self

    def transform(self, table: Table) -> NDArray[np.float64]:
        """The columns of a table's rows."""
        columns: list[NDArray[np.float64]] = [_numbers(table, self._numbers)]
        for name, known in self._known.items():
            codes = [known.get(value, np.nan) for value in table.columns[name].tolist()]
            columns.append(np.array(codes, dtype=np.float64)[:, None])
        return np.hstack(columns)


def _words(table: Table, name: str) -> list[str]:
    """Texts of a column; words that were cut already stand apart by spaces, missing texts are empty."""
    column = table.columns[name].tolist()
    return [" ".join(text) if isinstance(text, tuple) else "" if text is None else str(text) for text in column]


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
