"""What the rows at hand allow to be shown: the difference that a test establishes, groups of rows, optimism."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from kilter.evaluation.detecting import before, before_in_deviations
from kilter.metrics.clusters import FEWEST
from kilter.metrics.optimism import contenders, optimism_of_best
from kilter.project.folder import PREDICTIONS, read_json, write_json
from kilter.report.design import at_least, could_show
from kilter.report.wording import fixed
from kilter.values.table import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kilter.values.comparison import Detectable
    from kilter.values.predictions import Predictions
    from kilter.values.table import Dataset

JUDGING: Final = ("test", "valid")  # the first of these splits that there is judges


def detectable_before(dataset: Dataset) -> Detectable | None:
    """What the rows that judge can show, said before anything is trained; None where none were put aside.

    Rows of one group count as one, as if they went alike. Of one class a row the difference is in accuracy; else it is
    in standard deviations of what two models differ by from row to row, since nothing is known of these.
    """
    split = next((split for split in JUDGING if split in dataset.splits and len(dataset[split])), None)
    if split is None:
        return None
    groups = groups_of(dataset, split)
    n = len(dataset[split]) if groups is None else len(set(groups.values()))
    return _before(n, in_points=dataset.schema.target_kind is Kind.CATEGORY)


def design_line(dataset: Dataset) -> str:
    """The same as a sentence; empty where no rows were put aside."""
    detectable = detectable_before(dataset)
    if detectable is None:
        return ""
    split = next(split for split in JUDGING if split in dataset.splits and len(dataset[split]))
    n, in_points = len(dataset[split]), dataset.schema.target_kind is Kind.CATEGORY
    rows = f"{split} split of {n:,} row{'s' * (n != 1)}"
    if detectable.n == n:
        return f"A {rows} {could_show(detectable, in_points=in_points)}."
    alone = _before(n, in_points=in_points)
    return (
        f"Where rows of a group go alike, a {rows} in {detectable.n:,} groups"
        f" {could_show(detectable, in_points=in_points)}; where each goes its own way,"
        f" {at_least(alone, in_points=in_points)}."
    )


def _before(n: int, *, in_points: bool) -> Detectable:
    return before(n) if in_points else before_in_deviations(n)


def groups_of(dataset: Dataset, split: str) -> Mapping[str, str] | None:
    """The group of each row of a split, by its id; None where the data name no groups, or there are too few.

    A row without a group is one of its own.
    """
    table, name = dataset[split], dataset.schema.group
    if name is None or name not in table.columns:
        return None
    cells = table.columns[name].tolist()
    known = ["" if cell is None else str(cell) for cell in cells]
    given = [
        f"group {cell}" if cell not in {"", "nan"} else f"row {row}" for row, cell in zip(table.ids, known, strict=True)
    ]
    return dict(zip(table.ids, given, strict=True)) if len(set(given)) >= FEWEST else None


def write_groups(folder: Path, dataset: Dataset, split: str) -> Mapping[str, str] | None:
    """Keep the groups of a split beside its predictions, so that runs can be compared without their data."""
    groups = groups_of(dataset, split)
    if groups is not None:
        write_json(_groups_path(folder, split), {"groups": groups})
    return groups


def read_groups(folder: Path, split: str) -> Mapping[str, str] | None:
    """The groups of a split that a run has kept; None where there are none.

    Raises:
        DataError: they cannot be read.
    """
    path = _groups_path(folder, split)
    return read_json(path)["groups"] if path.exists() else None


def optimism_phrase(candidates: Mapping[str, Predictions], merit: str) -> str:
    """By how much the best of these flatters itself on the rows that it was chosen by; empty where it stands alone.

    Those that are clearly behind the best are not counted: no luck would have chosen them.

    >>> optimism_phrase({}, "accuracy")
    ''
    """
    merits = [predictions.merit for predictions in candidates.values()]
    if len(merits) < FEWEST or not len(merits[0]):
        return ""
    table = np.stack(merits, axis=1)
    if not np.isfinite(table).all():
        return ""
    near = contenders(table)
    flattered = optimism_of_best(table[:, near])
    if len(near) < FEWEST or not flattered:
        return ""
    return (
        f"; chosen by these rows among {len(near)} that are close, it looks better than it is by up to"
        f" {fixed(flattered)} in {merit}"
    )


def _groups_path(folder: Path, split: str) -> Path:
    return folder / PREDICTIONS / f"groups.{split}.json"
