"""Preprocessing: fitted on the training split, stored with the run, replayed at prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from kilter.data.categories import CategoryColumn, has_levels
from kilter.data.conforming import converted
from kilter.data.faults import gathered
from kilter.data.pixels import ImageColumn
from kilter.data.ragged import Ragged
from kilter.data.scaling import NumberColumn, scalings
from kilter.data.settings import PreprocessingSettings
from kilter.data.vocabulary import Vocabulary
from kilter.values.errors import DataError, UsageError
from kilter.values.inputs import Inputs
from kilter.values.json_form import from_json, to_json
from kilter.values.table import Field, Kind, Schema, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """The inputs of a table as arrays, None where there is no such input.

    Attributes:
        rows: how many.
        tokens: ids of each row's texts.
        numbers: (rows, numbers) float32.
        categories: (rows, columns) int64.
        image: (rows, channels, height, width) float32.
    """

    rows: int
    tokens: Ragged | None = None
    numbers: NDArray[np.float32] | None = None
    categories: NDArray[np.int64] | None = None
    image: NDArray[np.float32] | None = None

    def __repr__(self) -> str:
        parts = {"tokens": self.tokens, "numbers": self.numbers, "categories": self.categories, "image": self.image}
        return f"Encoded({self.rows} rows: {', '.join(name for name, part in parts.items() if part is not None)})"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """How the inputs of a schema become tensors, as the training split decided it.

    Attributes:
        fields: the input columns and what they hold.
        vocabulary: of all text columns together; None where there are none.
        numbers: one or two for each column of numbers.
        categories: a column each, after them columns of few whole numbers that are also among `numbers`.
        image: None where there are none.
    """

    fields: tuple[Field, ...]
    vocabulary: Vocabulary | None
    numbers: tuple[NumberColumn, ...]
    categories: tuple[CategoryColumn, ...]
    image: ImageColumn | None

    @staticmethod
    def fit(train: Table, schema: Schema, settings: PreprocessingSettings) -> Preprocessing:
        """What the training split decides; nothing else may be passed here.

        Raises:
            DataError: no rows, no inputs, columns that are not there or are not what the schema says.
            UsageError: more than one column of images.
        """
        if not len(train):
            raise DataError("the training split is empty", legal="at least one row is needed", remedy="check its file")
        if not schema.inputs:
            raise DataError("there are no input columns", legal="at least one column beside the target is needed")
        columns = _converted(train, schema.inputs)
        images = schema.of_kind(Kind.IMAGE)
        if len(images) > 1:
            raise UsageError(f"{len(images)} columns of images", legal="one is legal", remedy="ignore the others")
        texts = [columns[name].tolist() for name in schema.of_kind(Kind.TEXT, Kind.TOKENS)]
        numbers = schema.of_kind(Kind.NUMBER)
        levels = [name for name in numbers if has_levels(columns[name].astype(np.float64), settings.levels)]
        return Preprocessing(
            fields=schema.inputs,
            vocabulary=Vocabulary.fit(
                texts,
                settings.tokenisation,
                minimum_count=settings.minimum_count,
                largest=settings.largest_vocabulary,
                room=settings.longest,
            )
            if texts
            else None,
            numbers=tuple(
                column
                for name in numbers
                for column in scalings(columns[name].astype(np.float64), name=name, scaling=settings.numbers)
            ),
            categories=tuple(
                CategoryColumn.fit(columns[name], name=name) for name in (*schema.of_kind(Kind.CATEGORY), *levels)
            ),
            image=ImageColumn.fit(columns[images[0]], name=images[0]) if images else None,
        )

    @property
    def inputs(self) -> Inputs:
        """The sizes that a model must be built for."""
        return Inputs(
            vocabulary=len(self.vocabulary) if self.vocabulary else 0,
            longest=self.vocabulary.longest if self.vocabulary else 0,
            ordered=self.vocabulary is None or self.vocabulary.tokenisation.unit != "ngrams",
            numbers=sum(column.width for column in self.numbers),
            categories=tuple(column.size for column in self.categories),
            image=self.image.shape if self.image else None,
        )

    def encode(self, table: Table) -> Encoded:
        """The inputs of a table, replayed as training decided; columns that are no inputs do not count.

        Raises:
            DataError: columns that are not there or are not of their kind, images of another size.
        """
        columns = _converted(table, self.fields)
        texts = [columns[field.name].tolist() for field in self.fields if field.kind in {Kind.TEXT, Kind.TOKENS}]
        scaled = [part for number in self.numbers for part in number.encode(columns[number.name].astype(np.float64))]
        categories = [category.encode(columns[category.name]) for category in self.categories]
        return Encoded(
            rows=len(table),
            tokens=self.vocabulary.encode(texts) if self.vocabulary else None,
            numbers=np.stack(scaled, axis=1) if scaled else None,
            categories=np.stack(categories, axis=1) if categories else None,
            image=self.image.encode(columns[self.image.name]) if self.image else None,
        )

    def to_json(self) -> Mapping[str, Any]:
        """All that was fitted, as plain JSON data."""
        return {
            "fields": to_json(self.fields),
            "vocabulary": self.vocabulary.to_json() if self.vocabulary else None,
            "numbers": to_json(self.numbers),
            "categories": to_json(self.categories),
            "image": to_json(self.image),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Preprocessing:
        """What `to_json` wrote, equal to what it wrote it from.

        Raises:
            ValueError: the data do not have that form.
        """
        if missing := [name for name in Preprocessing.__dataclass_fields__ if name not in data]:
            message = f"{', '.join(missing)} is not among the keys: {', '.join(data)}"
            raise ValueError(message)
        return Preprocessing(
            fields=from_json(tuple[Field, ...], data["fields"]),
            vocabulary=None if data["vocabulary"] is None else Vocabulary.from_json(data["vocabulary"]),
            numbers=from_json(tuple[NumberColumn, ...], data["numbers"]),
            categories=from_json(tuple[CategoryColumn, ...], data["categories"]),
            image=None if data["image"] is None else from_json(ImageColumn, data["image"]),
        )


def _converted(table: Table, fields: tuple[Field, ...]) -> Mapping[str, NDArray[np.generic]]:
    columns, faults = converted(table, {field.name: field.kind for field in fields})
    if faults:
        raise gathered("the table does not have the inputs that were fitted", faults)
    return columns
