"""Preprocessing: fitted on the training split, stored with the run, replayed at prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from kilter.data.categories import CategoryColumn, has_levels
from kilter.data.conforming import converted
from kilter.data.faults import gathered
from kilter.data.pixels import ImageColumn
from kilter.data.ragged import Ragged
from kilter.data.scaling import NumberColumn, scalings
from kilter.data.settings import PreprocessingSettings
from kilter.data.spelling import Alphabet, Spelled
from kilter.data.subwords import SPACE
from kilter.data.tokens import Text
from kilter.data.vocabulary import BETWEEN, RESERVED, Vocabulary
from kilter.values.errors import DataError, Fault, RecipeError, UsageError
from kilter.values.inputs import Inputs
from kilter.values.json_form import from_json, to_json
from kilter.values.table import Field, Kind, Schema, Table
from kilter.values.task import Form, Tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray


_TEXTS: Final = (Kind.TEXT, Kind.TOKENS)
_WRITTEN: Final = (Form.TEXT, Form.MATCH)
"""Forms whose model is given the target text as well, in another tensor."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """The inputs of a table as arrays, None where there is no such input.

    Attributes:
        rows: how many.
        tokens: ids of each row's texts.
        segments: for each token, of which column of text it is.
        spelled: each row's words letter by letter.
        answers: ids of each row's target text, marks included.
        numbers: (rows, numbers) float32.
        categories: (rows, columns) int64.
        image: (rows, channels, height, width) float32.
    """

    rows: int
    tokens: Ragged | None = None
    segments: Ragged | None = None
    spelled: Spelled | None = None
    answers: Ragged | None = None
    numbers: NDArray[np.float32] | None = None
    categories: NDArray[np.int64] | None = None
    image: NDArray[np.float32] | None = None

    def __repr__(self) -> str:
        names = ("tokens", "segments", "spelled", "answers", "numbers", "categories", "image")
        parts = {name: getattr(self, name) for name in names}
        return f"Encoded({self.rows} rows: {', '.join(name for name, part in parts.items() if part is not None)})"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """How the inputs of a schema become tensors, as the training split decided it.

    Attributes:
        fields: the input columns and what they hold.
        form: what the model will answer, which decides how texts are marked.
        target: the column of target texts that are encoded like inputs; None where targets are no texts.
        vocabulary: of all text columns together; None where there are none.
        separator: what parts the one column of text into two; None where columns are texts.
        numbers: one or two for each column of numbers.
        categories: a column each, after them columns of few whole numbers that are also among `numbers`.
        image: None where there are none.
        alphabet: None where words are not spelled out.
    """

    fields: tuple[Field, ...]
    vocabulary: Vocabulary | None
    numbers: tuple[NumberColumn, ...]
    categories: tuple[CategoryColumn, ...]
    image: ImageColumn | None
    alphabet: Alphabet | None = None
    form: Form = Form.ROW
    target: str | None = None
    separator: str | None = None

    @staticmethod
    def fit(train: Table, schema: Schema, settings: PreprocessingSettings, *, form: Form = Form.ROW) -> Preprocessing:
        """What the training split decides; nothing else may be passed here.

        Raises:
            DataError: no rows, no inputs, columns that are not there or are not what the schema says.
            UsageError: more than one column of images, or inputs that do not go with the form.
        """
        if not len(train):
            raise DataError("the training split is empty", legal="at least one row is needed", remedy="check its file")
        if not schema.inputs:
            raise DataError("there are no input columns", legal="at least one column beside the target is needed")
        columns = _converted(train, schema.inputs)
        images = schema.of_kind(Kind.IMAGE)
        if len(images) > 1:
            raise UsageError(f"{len(images)} columns of images", legal="one is legal", remedy="ignore the others")
        _refuse_unfit(schema, form)
        _refuse_settings(schema, form, settings)
        target = schema.target if form in _WRITTEN else None
        answers = None if target is None else _converted(train, (Field(name=target, kind=Kind.TEXT),))[target].tolist()
        texts = _texts_of(columns, schema.inputs, settings.separator)
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
                marks=form is not Form.TOKEN,
                kept=settings.truncation,
                answers=answers,
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
            alphabet=Alphabet.fit(texts[0], longest=settings.longest) if form is Form.TOKEN else None,
            form=form,
            target=target,
            separator=settings.separator,
        )

    @property
    def inputs(self) -> Inputs:
        """The sizes that a model must be built for."""
        return Inputs(
            vocabulary=len(self.vocabulary) if self.vocabulary else 0,
            longest=self.vocabulary.longest if self.vocabulary else 0,
            ordered=self.vocabulary is None or self.vocabulary.tokenisation.ordered,
            texts=sum(field.kind in _TEXTS for field in self.fields) + (self.separator is not None),
            characters=len(self.alphabet) if self.alphabet else 0,
            answers=len(self.vocabulary) if self.vocabulary and self.target is not None else 0,
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
        texts = _texts_of(columns, self.fields, self.separator)
        tokens = self.vocabulary.encode(texts) if self.vocabulary else None
        scaled = [part for number in self.numbers for part in number.encode(columns[number.name].astype(np.float64))]
        categories = [category.encode(columns[category.name]) for category in self.categories]
        return Encoded(
            rows=len(table),
            tokens=_leading_up(tokens) if tokens is not None and self.form is Form.NEXT else tokens,
            segments=_segments(tokens) if tokens is not None and len(texts) > 1 and self.inputs.ordered else None,
            spelled=self.alphabet.encode(texts[0]) if self.alphabet else None,
            answers=self._answers(table),
            numbers=np.stack(scaled, axis=1) if scaled else None,
            categories=np.stack(categories, axis=1) if categories else None,
            image=self.image.encode(columns[self.image.name]) if self.image else None,
        )

    def texts(self, table: Table) -> list[list[Text]]:
        """The texts of a table a column, as the vocabulary takes them.

        Raises:
            DataError: columns that are not there or are not of their kind.
        """
        fields = tuple(field for field in self.fields if field.kind in _TEXTS)
        return _texts_of(_converted(table, fields), fields, self.separator)

    @property
    def tokens(self) -> Tokens | None:
        """What the ids of target texts mean; None where there are no texts."""
        if self.vocabulary is None:
            return None
        unit = self.vocabulary.tokenisation.unit
        entries = (*[""] * RESERVED, *self.vocabulary.entries)
        if unit == "bpe":
            entries = tuple(piece.replace(SPACE, " ") for piece in entries)
        return Tokens(entries=entries, joiner=" " if unit == "word" else "", unit=unit)

    def targets(self, table: Table, schema: Schema) -> NDArray[np.generic]:
        """The targets of a table as its task encodes them: what follows each token where texts are written."""
        column = table.columns[schema.target]
        if self.vocabulary is None or self.form not in (Form.NEXT, Form.TEXT):
            return column
        rows = self.vocabulary.encode([column.tolist()])
        return np.fromiter((rows[row][1:].astype(np.int64) for row in range(len(rows))), dtype=object, count=len(rows))

    def _answers(self, table: Table) -> Ragged | None:
        if self.target is None or self.vocabulary is None or self.target not in table.columns:
            return None
        texts = _converted(table, (Field(name=self.target, kind=Kind.TEXT),))[self.target].tolist()
        rows = self.vocabulary.encode([texts])
        return _leading_up(rows) if self.form is Form.TEXT else rows

    def to_json(self) -> Mapping[str, Any]:
        """All that was fitted, as plain JSON data."""
        return {
            "fields": to_json(self.fields),
            "form": to_json(self.form),
            "target": self.target,
            "separator": self.separator,
            "alphabet": to_json(self.alphabet),
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
            alphabet=None if data["alphabet"] is None else from_json(Alphabet, data["alphabet"]),
            form=from_json(Form, data["form"]),
            target=data["target"],
            separator=data["separator"],
        )


def _converted(table: Table, fields: tuple[Field, ...]) -> Mapping[str, NDArray[np.generic]]:
    columns, faults = converted(table, {field.name: field.kind for field in fields})
    if faults:
        raise gathered("the table does not have the inputs that were fitted", faults)
    return columns


def _refuse_unfit(schema: Schema, form: Form) -> None:
    """Raise where the inputs are not what a model of that form reads."""
    kinds = [field.kind for field in schema.inputs]
    met = f"inputs are {', '.join(f'{field.name} ({field.kind})' for field in schema.inputs)}"
    if form is Form.TOKEN and kinds != [Kind.TOKENS]:
        raise UsageError(
            met,
            legal="one column of words that were cut already, for each of which there is a tag",
            remedy="name that column alone in `data.inputs`, as `tokens`",
        )
    if form is Form.NEXT and kinds != [Kind.TEXT]:
        raise UsageError(met, legal="one column of text, whose next token is learnt", remedy="ignore the others")
    if form in _WRITTEN and not set(kinds) & set(_TEXTS):
        raise UsageError(met, legal="a column of text at least", remedy="name it in `data.inputs`, as `text`")


def _refuse_settings(schema: Schema, form: Form, settings: PreprocessingSettings) -> None:
    """Raise for settings of texts that these inputs and answers do not allow."""
    faults = []
    if form is Form.TOKEN and settings.unit != "word":
        faults.append(Fault(met=f"preprocessing.unit = {settings.unit!r}", legal="each word has its tag: word"))
    if form is Form.TOKEN and settings.truncation != "head":
        met, legal = f"preprocessing.truncation = {settings.truncation!r}", "tags are cut off at the end: head"
        faults.append(Fault(met=met, legal=legal))
    texts = schema.of_kind(*_TEXTS)
    if settings.separator is not None and (form is Form.TOKEN or schema.of_kind(Kind.TEXT) != texts or len(texts) != 1):
        legal = f"it parts the one column of text into two; there are {len(texts)}: {', '.join(texts)}"
        if form is Form.TOKEN:
            legal = "words to be tagged are not parted"
        met = f"preprocessing.separator = {settings.separator!r}"
        faults.append(Fault(met=met, legal=legal, remedy="leave it out; several columns are told apart as they are"))
    if faults:
        raise RecipeError("the preprocessing does not fit the data", faults=faults)


def _texts_of(
    columns: Mapping[str, NDArray[np.generic]], fields: tuple[Field, ...], separator: str | None
) -> list[list[Text]]:
    """Texts a column; one column that a separator parts is two, of which the second may be empty."""
    texts: list[list[Any]] = [columns[field.name].tolist() for field in fields if field.kind in _TEXTS]
    if separator is None:
        return texts
    halves = [(None, None) if text is None else text.partition(separator)[::2] for text in texts[0]]
    return [[half[side] for half in halves] for side in (0, 1)]


def _leading_up(rows: Ragged) -> Ragged:
    """Rows without their last token: what leads up to each of the tokens that follow."""
    return Ragged.of([rows[row][:-1].tolist() for row in range(len(rows))])


def _segments(rows: Ragged) -> Ragged:
    """For each token the number of marks between texts that stand before it in its row."""
    marks = rows.flat == BETWEEN
    before = np.cumsum(marks) - marks
    begun = np.repeat(before[rows.starts[:-1]] if len(rows.flat) else before, rows.lengths)
    return Ragged(flat=(before - begun).astype(np.int32), starts=rows.starts)
