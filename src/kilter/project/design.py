"""What the rows at hand allow to be shown: the difference that a test establishes, groups of rows, optimism."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from kilter.evaluation.detecting import (
    BETWEEN_SEEDS,
    before,
    before_in_deviations,
    before_over_seeds,
    before_over_seeds_in_deviations,
)
from kilter.metrics.clusters import FEWEST
from kilter.metrics.optimism import contenders, optimism_of_best
from kilter.project.folder import PREDICTIONS, read_json, write_json
from kilter.report.design import at_least, could_show, over_seeds
from kilter.report.wording import fixed
from kilter.values.errors import UsageError
from kilter.values.table import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kilter.values.comparison import Detectable
    from kilter.values.predictions import Predictions
    from kilter.values.table import Dataset

JUDGING: Final = ("test", "valid")  # the first of these splits that there is judges
ENDLESS: Final = 10**9  # trainings a side, whose seeds have no part in the error any more


def detectable_before(dataset: Dataset, *, seeds: int = 1, seed_deviation: float | None = None) -> Detectable | None:
    """What the rows that judge can show, said before anything is trained; None where none were put aside.

    Rows of one group count as one, as if they went alike. Of one class a row the difference is in accuracy; else it is
    in standard deviations of what two models differ by from row to row, since nothing is known of these.

    Args:
        dataset: whose test rows judge, or whose validation rows where there are none.
        seeds: trainings on each side. With one the difference is that of two trained models; with more it is that of
            two ways of training, whatever the seed.
        seed_deviation: standard deviation of a score from seed to seed, in the unit of the difference; None assumes
            what `evaluation.detecting` does.

    Raises:
        UsageError: fewer than one training a side, or a deviation that is negative or of one training.
    """
    split = _judging(dataset)
    if split is None:
        return None
    groups = groups_of(dataset, split)
    n = len(dataset[split]) if groups is None else len(set(groups.values()))
    return detectable_of(n, in_points=_in_points(dataset), seeds=seeds, seed_deviation=seed_deviation)


def detectable_of(n: int, *, in_points: bool, seeds: int = 1, seed_deviation: float | None = None) -> Detectable:
    """The same of n rows; `in_points` tells whether their answers are right or wrong.

    Raises:
        UsageError: fewer than one row or training a side, or a deviation that is negative or of one training.
    """
    if n < 1 or seeds < 1:
        raise UsageError(
            f"{n} rows, seeds={seeds}",
            legal="1 or more of each",
            remedy="say how many rows judge, and how often each side is to be trained",
        )
    if seed_deviation is not None and (seeds == 1 or not 0 <= seed_deviation < math.inf):
        raise UsageError(
            f"a deviation from seed to seed of {seed_deviation:g}{' with one training a side' if seeds == 1 else ''}",
            legal="it is 0 or more, such as 0.01, and counts where several trainings are compared",
            remedy="say how many with `seeds`, or leave the deviation out",
        )
    if seeds == 1:
        return before(n) if in_points else before_in_deviations(n)
    if in_points:
        return before_over_seeds(n, seeds, between=BETWEEN_SEEDS if seed_deviation is None else seed_deviation)
    return before_over_seeds_in_deviations(n, seeds, between=seed_deviation)


def seeds_line(dataset: Dataset, *, seeds: int, seed_deviation: float | None = None) -> str:
    """What so many trainings a side can show on the rows that judge, as a sentence; empty where there are none.

    Raises:
        UsageError: as `detectable_before` does.
    """
    detectable = detectable_before(dataset, seeds=seeds, seed_deviation=seed_deviation)
    if detectable is None or seeds == 1:
        return ""
    in_points = _in_points(dataset)
    endless = detectable_of(detectable.n, in_points=in_points, seeds=ENDLESS, seed_deviation=seed_deviation)
    many = f"With {seeds} trainings a side, "
    if detectable.n != len(dataset[_judging(dataset) or ""]):
        many += "and rows of a group going alike, "
    return (
        f"{many}{over_seeds(detectable, in_points=in_points)}. Ever more seeds would make it"
        f" {at_least(endless, in_points=in_points)}: they make up for no rows."
    )


def design_line(dataset: Dataset) -> str:
    """What the rows that judge can show of two trained models, as a sentence; empty where no rows were put aside."""
    detectable, split = detectable_before(dataset), _judging(dataset)
    if detectable is None or split is None:
        return ""
    n, in_points = len(dataset[split]), _in_points(dataset)
    rows = f"{split} split of {n:,} row{'s' * (n != 1)}"
    if detectable.n == n:
        return f"A {rows} {could_show(detectable, in_points=in_points)}."
    alone = detectable_of(n, in_points=in_points)
    return (
        f"Where rows of a group go alike, a {rows} in {detectable.n:,} groups"
        f" {could_show(detectable, in_points=in_points)}; where each goes its own way,"
        f" {at_least(alone, in_points=in_points)}."
    )


def _judging(dataset: Dataset) -> str | None:
    return next((split for split in JUDGING if split in dataset.splits and len(dataset[split])), None)


def _in_points(dataset: Dataset) -> bool:
    return dataset.schema.target_kind is Kind.CATEGORY


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
