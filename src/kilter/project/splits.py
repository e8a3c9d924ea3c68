"""The splits of a project: those that have files, and those that are put aside from the training rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kilter.data.splitting import By, split

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kilter.project.reading import Project
    from kilter.values.errors import Fault
    from kilter.values.table import Table

HELD_OUT: Final = ("valid", "test")


def put_aside(project: Project, tables: Mapping[str, Table]) -> dict[str, Table]:
    """The tables, and parts of the training table for splits that have none.

    Rows of a group stay together where there are groups; else each part has its share of every target.

    Raises:
        RecipeError: a share for a split that has rows of its own, or a column that decides nothing.
        DataError: there are too few rows.
    """
    faults = list(_faults(project, tables))
    if faults:
        raise project.error(faults)
    shares = _shares(project, tables)
    if not shares:
        return dict(tables)
    by, column = _way(project)
    whole = {"train": 1 - sum(shares.values()), **shares}
    parts = split(tables["train"], shares=whole, by=by, column=column, seed=project.file.data.split.seed)
    every = {**tables, **parts}
    return {name: every[name] for name in ("train", *HELD_OUT) if name in every}


def described(project: Project, names: Mapping[str, object]) -> str:
    """What was put aside and how, in words; empty where every split has rows of its own.

    Args:
        project: the project.
        names: the splits that have rows of their own.
    """
    shares = _shares(project, names)
    if not shares:
        return ""
    by, column = _way(project)
    how = {"random": "at random", "stratified": f"in proportion to {column}", "grouped": f"by {column}, kept together"}
    aside = " and ".join(f"{name} ({share:.0%})" for name, share in shares.items())
    return f"{aside} put aside from train, {how[by]}"


def _shares(project: Project, names: Mapping[str, object]) -> dict[str, float]:
    wanted = project.file.data.split
    shares = {"valid": wanted.valid, "test": wanted.test}
    return {name: share for name, share in shares.items() if share and name not in names}


def _way(project: Project) -> tuple[By, str | None]:
    data = project.file.data
    by = data.split.by
    if by == "auto":
        by = "stratified" if data.group is None else "grouped"
    if by == "random":
        return by, None
    return by, data.split.column or (data.target if by == "stratified" else data.group)


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
            legal="stratified (in proportion to its values) or grouped (each value in one split)",
            remedy="set data.split.by to one of them",
        )
    if data.split.by == "grouped" and data.split.column is None and data.group is None:
        yield project.fault(
            "data.split.by", met="data.split.by = 'grouped'", legal="by which column?", remedy="set data.split.column"
        )
