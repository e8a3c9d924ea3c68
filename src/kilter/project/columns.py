"""Which column is what: the schema that a project file and its training table make together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kilter.data.kinds import guess_kind
from kilter.values.table import Field, Kind, Schema, Table
from kilter.values.validation import nearest

if TYPE_CHECKING:
    from kilter.project.reading import Project
    from kilter.values.errors import Fault


def make_schema(project: Project, train: Table, target_kind: Kind) -> Schema:
    """The schema of a project's data.

    Inputs that the file does not name are all columns but those with another part to play; an input's kind that the
    file does not say is what the training column looks like.

    Raises:
        RecipeError: columns that are not there, or that are given two parts, all of them with their places.
    """
    data = project.file.data
    faults = list(_faults(project, train))
    if faults:
        raise project.error(faults)
    others = {data.target, *data.ignore, data.weight, data.group}
    named = data.inputs or {name: "auto" for name in train.columns if name not in others}
    inputs = tuple(
        Field(name=name, kind=guess_kind(train.columns[name]) if kind == "auto" else Kind(kind))
        for name, kind in named.items()
    )
    if not inputs:
        raise project.error([project.fault("data", met="no column is left to learn from", legal="one input at least")])
    return Schema(
        inputs=inputs,
        target=data.target,
        target_kind=target_kind,
        weight=data.weight,
        group=data.group,
        ignored=data.ignore,
    )


def _faults(project: Project, train: Table) -> Iterator[Fault]:
    data = project.file.data
    parts = [
        ("data.target", data.target),
        *((f"data.inputs.{name}", name) for name in data.inputs),
        *((f"data.ignore.{number}", name) for number, name in enumerate(data.ignore)),
        ("data.weight", data.weight),
        ("data.group", data.group),
        ("data.split.column", data.split.column),
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
        elif path != "data.split.column":
            if name in taken:
                yield project.fault(
                    path, met=f"{key}: {name!r} is {taken[name]} already", legal="a column has one part to play"
                )
            taken.setdefault(name, key)
