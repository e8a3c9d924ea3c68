"""Answers of a run's model for new rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kilter.export.predicting import Answer, Predictor, answer, make_predictor
from kilter.project.assembling import read_file
from kilter.project.folder import CHECKPOINTS, CONFIG, PREPROCESSING, TASK, load_run, read_json
from kilter.project.schema import Data
from kilter.training.checkpoints import at_step
from kilter.training.keeping import read_best
from kilter.values.errors import UsageError

if TYPE_CHECKING:
    from kilter.engine.generating import Manner
    from kilter.values.run import Run


def load_predictor(run: str | Path | Run) -> Predictor:
    """The best weights of a run with the preprocessing that they were trained with.

    Raises:
        UsageError: it is no run, or nothing was trained in it.
        DataError: its files are broken.
    """
    folder = Path(run) if isinstance(run, str | Path) else run.path
    load_run(folder)
    step = read_best(folder / CHECKPOINTS)
    if step is None:
        raise UsageError(
            f"{folder} has no trained weights", legal="a run that was trained", remedy="train it: `kilter run`"
        )
    return make_predictor(
        config=read_json(folder / CONFIG),
        task=read_json(folder / TASK),
        preprocessing=read_json(folder / PREPROCESSING),
        weights=at_step(folder / CHECKPOINTS, step).weights(),
    )


def answer_file(run: str | Path | Run, file: str | Path, manner: Manner | None = None) -> tuple[Answer, ...]:
    """What the best weights of a run say of the rows of a file, read as the training file was.

    Args:
        run: the run or its folder.
        file: rows, as the training file had them; targets may be missing.
        manner: how texts are written; None writes greedily.

    Raises:
        UsageError: it is no run, nothing was trained in it, or a manner of writing where no text is written.
        DataError: the file cannot be read, or lacks columns that training had.
    """
    predictor = load_predictor(run)
    folder = Path(run) if isinstance(run, str | Path) else run.path
    data = Data.model_validate(read_json(folder / CONFIG)["data"])
    return answer(predictor, read_file(Path(file), data).table, manner)
