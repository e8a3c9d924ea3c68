"""Slices of a run's rows: those that its project asks for, and any that are asked for afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from kilter.evaluation import slices
from kilter.evaluation.asking import Token
from kilter.evaluation.storing import read_predictions
from kilter.project.assembling import clean, load_dataset
from kilter.project.consulting import consult
from kilter.project.folder import TASK, load_run, read_json
from kilter.project.recording import predictions_path, read_run_project, same_data
from kilter.tasks.reading import task_from
from kilter.values.errors import TrainingError, UsageError
from kilter.values.run import Run

if TYPE_CHECKING:
    from kilter.evaluation.asking import By
    from kilter.project.schema import Slices
    from kilter.values.evaluation import Slice
    from kilter.values.predictions import Predictions
    from kilter.values.table import Dataset


def find_slices(
    run: str | Path | Run,
    *,
    by: Sequence[str | Callable[[Mapping[str, object]], object]] = (),
    tokens: Sequence[str] = (),
    split: str = "test",
    minimum: int = slices.FEWEST,
) -> tuple[Slice, ...]:
    """Kinds of examples on which a run's model does worse, or all of those that are asked for.

    Nothing is predicted anew. Looking at a held-out split is counted in the run's folder, where that can be written.

    Args:
        run: the run or its folder.
        by: names of columns, whether or not they were learnt from, and functions that answer for a row (column to
            cell) with the name of its slice, or with True and False; None leaves a row out.
        tokens: words; a slice is the rows that have one in any of their texts.
        split: whose predictions are parted.
        minimum: examples that a slice, and what is outside of it, must have.

    Returns:
        Without `by` and `tokens`, the slices that are surely worse than the rest; with them, all that were asked for
        and have enough examples, those clearest below the rest first. p-values are corrected.

    Raises:
        UsageError: the run has no predictions on that split, its data have changed, or there is no such column.
    """
    if minimum < 1:
        raise UsageError(f"slices of {minimum} examples", legal="1 example or more")
    loaded = run if isinstance(run, Run) else load_run(run)
    path = predictions_path(loaded.path, "model", split)
    if not path.exists():
        raise UsageError(
            f"{loaded.name} has no predictions on {split}",
            legal="the network's predictions on a split that was held out",
            remedy="evaluate the run first: `kilter evaluate`, or name another split",
        )
    project = read_run_project(loaded)
    data = load_dataset(project)
    same_data(loaded, data)
    dataset, _ = clean(project, data)
    predictions, merit = read_predictions(path), task_from(read_json(loaded.path / TASK)).merit
    with suppress(TrainingError):
        consult(loaded.path, split)
    asked = (*by, *map(Token, tokens)) or None
    return slices.find_slices(predictions, dataset, split=split, by=asked, merit=merit, fewest=minimum)


def find_all_slices(
    predictions: Predictions, dataset: Dataset, settings: Slices, *, split: str, merit: str
) -> tuple[Slice, ...]:
    """The slices that are surely worse than the rest, then those that a project's `slices` asks for."""
    fewest = settings.minimum
    found = slices.find_slices(predictions, dataset, split=split, merit=merit, fewest=fewest)
    asked: tuple[By, ...] = (*settings.columns, *map(Token, settings.tokens))
    if not asked:
        return found
    return found + slices.find_slices(predictions, dataset, split=split, by=asked, merit=merit, fewest=fewest)
