"""The splits of a project: those that have files, and those that are put aside from the training rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kilter.data.faults import counted, listed
from kilter.data.splitting import By, rare, split
from kilter.values.table import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kilter.project.reading import Project
    from kilter.values.errors import Fault
    from kilter.values.table import Schema, Table

HELD_OUT: Final = ("valid", "test")


def put_aside(project: Project, schema: Schema, tables: Mapping[str, Table]) -> dict[str, Table]:
    """The tables, and parts of the training table for splits that have none.

    Rows of a group stay together where there are groups; else each part has its share of every class and amount.
    Where rows are one text, its end is put aside; where a split is by time, the latest rows.

    Raises:
        RecipeError: a share for a split that has rows of its own, or a column that decides nothing.
        DataError: there are too few rows.
    """
    faults = [*_faults(project, tables), *_torn(project, schema)]
    if faults:
        raise project.error(faults)
    shares = _shares(project, tables)
    if not shares:
        return dict(tables)
    by, column = _way(project, schema)
    whole = {"train": 1 - sum(shares.values()), **shares}
    parts = split(tables["train"], shares=whole, by=by, column=column, seed=project.file.data.split.seed)
    every = {**tables, **parts}
    return {name: every[name] for name in ("train", *HELD_OUT) if name in every}


def described(project: Project, schema: Schema, names: Mapping[str, object]) -> str:
    """What was put aside and how, in words; empty where every split has rows of its own.

    Args:
        project: the project.
        schema: what its columns are.
        names: the splits that have rows of their own.
    """
    shares = _shares(project, names)
    if not shares:
        return ""
    by, column = _way(project, schema)
    how = {
        "random": "at random",
        "stratified": f"in proportion to {column}",
        "grouped": f"by {column}, kept together",
        "ordered": "the last rows",
        "temporal": f"the latest rows by {column}",
    }
    aside = " and ".join(f"{name} ({share:.0%})" for name, share in shares.items())
    return f"{aside} put aside from train, {how[by]}"


def too_rare(project: Project, schema: Schema, tables: Mapping[str, Table]) -> tuple[str, ...]:
    """A note for each class with fewer rows than there are splits, so that some split has none of it."""
    shares = _shares(project, tables)
    by, column = _way(project, schema)
    if not shares or by != "stratified" or column is None or schema.target_kind is not Kind.CATEGORY:
        return ()
    parts = 1 + len(shares)
    few = rare(tables["train"], column, parts=parts)
    if not few:
        return ()
    said = listed([f"{value!r} ({counted(rows, 'row')})" for value, rows in few.items()])
    return (f"{said} cannot be in each of the {parts} splits that are made; such rows go to training first",)


def _shares(project: Project, names: Mapping[str, object]) -> dict[str, float]:
    wanted = project.file.data.split
    shares = {"valid": wanted.valid, "test": wanted.test}
    return {name: share for name, share in shares.items() if share and name not in names}


def _way(project: Project, schema: Schema) -> tuple[By, str | None]:
    data = project.file.data
    by: By = _suited(schema) if data.split.by == "auto" else data.split.by
    if by in {"random", "ordered"}:
        return by, None
    return by, data.split.column or (schema.target if by == "stratified" else schema.group)


def _suited(schema: Schema) -> By:
    if schema.group is not None:
        return "grouped"
    if schema.stream:
        return "ordered"
    return "stratified" if schema.target_kind in (Kind.CATEGORY, Kind.NUMBER) else "random"


def _torn(project: Project, schema: Schema) -> Iterator[Fault]:
    """A text whose rows would be drawn here and there."""
    by = project.file.data.split.by
    if schema.stream and by != "auto":
        yield project.fault(
            "data.split.by",
            met=f"data.split.by = {by!r}",
            legal="the rows of a text file go on from one another, so that its end is put aside",
            remedy="leave it out",
        )


def _faults(project: Project, names: Mapping[str, object]) -> Iterator[Fault]:
    data = project.file.data
    for name in HELD_OUT:
        if name in names and project.says(f"data.split.{name}"):
            yield project.fault(
                f"data.split.{name}",
                met=f"data.split.{name} takes a share of the training rows, and data.{name} names a file",
                legal="a split comes from one of them",
                remedy="leave one out",
            )
    aside = _shares(project, names)
    for key in ("by", "column", "seed"):
        if not aside and project.says(f"data.split.{key}"):
            yield project.fault(
                f"data.split.{key}", met=f"data.split.{key} decides nothing", legal="every split has rows of its own"
            )
    if data.split.column is not None and data.split.by in {"auto", "random"}:
        yield project.fault(
            "data.split.column",
            met=f"data.split.column = {data.split.column!r} with by: {data.split.by}",
            legal="stratified (in proportion to its values), grouped (one split a value), temporal (in its order)",
            remedy="set data.split.by to one of them",
        )
    if aside and data.split.by == "temporal" and project.says("data.split.seed"):
        yield project.fault(
            "data.split.seed", met="data.split.seed decides nothing", legal="a temporal split draws nothing"
        )
    if data.split.by == "temporal" and data.split.column is None:
        yield project.fault(
            "data.split.by",
            met="data.split.by = 'temporal'",
            legal="a column of dates or numbers says when each row was",
            remedy="set data.split.column",
        )
    if data.split.by == "grouped" and data.split.column is None and data.group is None:
        yield project.fault(
            "data.split.by", met="data.split.by = 'grouped'", legal="by which column?", remedy="set data.split.column"
        )
