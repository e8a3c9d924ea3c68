"""Which column is what: the schema that a project file and its training table make together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kilter.data.joining import joined_name
from kilter.data.kinds import guess_kind
from kilter.data.plain_text import PLAIN_TEXT
from kilter.data.reading import ending_of
from kilter.tasks.reading import target_kind
from kilter.values.table import Field, Kind, Schema, Table
from kilter.values.validation import nearest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kilter.project.reading import Project
    from kilter.values.errors import Fault


FEW: Final = 20  # distinct whole numbers up to which one of several targets is taken for classes


def make_schema(project: Project, train: Table) -> Schema:
    """The schema of a project's data.

    Inputs that the file does not name are all columns but those with another part to play; an input's kind that the
    file does not say is what the training column looks like. A text that is to be generated and that stands alone is
    its own input.

    Raises:
        RecipeError: columns that are not there, or that are given two parts, all of them with their places.
    """
    data = project.file.data
    kind = target_kind(project.file.task, several=len(data.target) > 1)
    faults = list(_faults(project, train, itself=kind is Kind.TEXT))
    if kind is None:
        faults.append(
            project.fault(
                "data.target",
                met=f"data.target = {', '.join(data.target)}",
                legal=f"{project.file.task} learns one column",
                remedy="name one of them, or set `task: multitask`",
            )
        )
    if faults or kind is None:
        raise project.error(faults)
    others = {*data.target, *data.ignore, data.weight, data.group}
    named = data.inputs or {name: "auto" for name in train.columns if name not in others}
    if not named and kind is Kind.TEXT:
        named = {data.target[0]: "auto"}
    inputs = tuple(
        Field(name=name, kind=_kind(train.columns[name], given, itself=name in data.target))
        for name, given in named.items()
    )
    if not inputs:
        raise project.error([project.fault("data", met="no column is left to learn from", legal="one input at least")])
    slices = project.file.slices
    if (slices.tokens or slices.columns) and _is_stream(project):
        raise project.error(
            [
                project.fault(
                    "slices",
                    met="slices of rows that are one text",
                    legal="rows that do not depend on their neighbours",
                    remedy="leave slices out",
                )
            ]
        )
    if slices.tokens and not {Kind.TEXT, Kind.TOKENS} & {field.kind for field in inputs}:
        raise project.error(
            [
                project.fault(
                    "slices.tokens",
                    met=f"slices.tokens = {', '.join(slices.tokens)}, and no input is a text",
                    legal="a word is looked for in the texts of a row",
                    remedy="name columns under slices.columns, or say which input is a text under data.inputs",
                )
            ]
        )
    return Schema(
        inputs=inputs,
        target=joined_name(data.target),
        target_kind=kind,
        joined=_joined(train, data.target, kind) if len(data.target) > 1 or kind is Kind.RECORD else (),
        weight=data.weight,
        group=data.group,
        ignored=data.ignore,
        stream=_is_stream(project),
    )


def _kind(column: NDArray[np.generic], given: str, *, itself: bool) -> Kind:
    """What an input holds; one that is also the target is a text."""
    if given != "auto":
        return Kind(given)
    return Kind.TEXT if itself else guess_kind(column)


def _joined(train: Table, names: Sequence[str], kind: Kind) -> tuple[Field, ...]:
    """What each of several targets holds: amounts, or for tasks of several kinds what the column looks like."""
    if kind is Kind.AMOUNTS:
        return tuple(Field(name=name, kind=Kind.NUMBER) for name in names)
    return tuple(Field(name=name, kind=_classes_or_amounts(train.columns[name])) for name in names)


def _classes_or_amounts(column: NDArray[np.generic]) -> Kind:
    if guess_kind(column) is not Kind.NUMBER:
        return Kind.CATEGORY
    distinct = {value for value in column.tolist() if value == value}  # noqa: PLR0124 - not a number
    whole = all(isinstance(value, int) or float(value).is_integer() for value in distinct)
    return Kind.CATEGORY if whole and len(distinct) <= FEW else Kind.NUMBER


def _is_stream(project: Project) -> bool:
    """Whether the rows are one text: files of plain text hold nothing else."""
    return ending_of(Path(project.file.data.train)) in PLAIN_TEXT


def _faults(project: Project, train: Table, *, itself: bool) -> Iterator[Fault]:
    """What is wrong with the parts of the columns; `itself` where a text may be learnt from itself."""
    data = project.file.data
    parts = [
        *((f"data.target.{number}", name) for number, name in enumerate(data.target)),
        *((f"data.inputs.{name}", name) for name in data.inputs),
        *((f"data.ignore.{number}", name) for number, name in enumerate(data.ignore)),
        ("data.weight", data.weight),
        ("data.group", data.group),
        ("data.split.column", data.split.column),
        *((f"slices.columns.{number}", name) for number, name in enumerate(project.file.slices.columns)),
    ]
    taken: dict[str, str] = {}
    for path, name in parts:
        if name is None:
            continue
        key = path.rsplit(".", 1)[0] if path.split(".")[-1].isdigit() else path
        if name not in train.columns:
            yield project.fault(
                path, met=f"{key}: there is no column {name!r}", legal=nearest(name, map(str, train.columns))
            )
        elif path != "data.split.column" and not path.startswith("slices."):
            if name in taken and not (itself and (name,) == data.target == tuple(data.inputs)):
                yield project.fault(
                    path, met=f"{key}: {name!r} is {taken[name]} already", legal="a column has one part to play"
                )
            taken.setdefault(name, key)
