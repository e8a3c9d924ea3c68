"""A training that goes its own way from a checkpoint of another one: what it takes to go on, in a folder of its own."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from kilter.tracking import metrics_jsonl, samples_jsonl
from kilter.tracking.fitting import CHECKPOINTS
from kilter.tracking.recording import LOG_NAME, TENSORBOARD
from kilter.training.checkpoints import Checkpoint, at_step, newest
from kilter.training.keeping import write_best
from kilter.values.errors import DataError, TrainingError, UsageError


def departing(folder: Path, step: int | None = None) -> Checkpoint:
    """The checkpoint of a training's folder from which another goes its own way: that of a step, or the newest.

    Raises:
        UsageError: there is none, or none of that step; or it holds weights alone.
        DataError: it is not whole, or the best one up to there is missing, which may be the result.
    """
    checkpoints = folder / CHECKPOINTS
    if step is None:
        checkpoint = newest(checkpoints)
        if checkpoint is None:
            raise UsageError(f"{folder} has no checkpoint", remedy="train it first: `kilter train`")
    else:
        checkpoint = _of(checkpoints, step)
    checkpoint.must_be_full()
    if checkpoint.best is not None:
        at_step(checkpoints, checkpoint.best)
    return checkpoint


def branch(trunk: Path, child: Path, start: Checkpoint) -> str:
    """Give a new folder all that a training took along to a checkpoint of another folder, which stays as it is.

    Afterwards `fit(folder=child, resume=True)` goes on there.

    Returns:
        The SHA-256 of the checkpoint's manifest, which holds the sums of its files.

    Raises:
        DataError: the checkpoint, or the record up to it, is not whole.
        TrainingError: the disk refuses.
    """
    source, target = trunk / CHECKPOINTS, child / CHECKPOINTS
    best = start.step if start.best is None else start.best
    try:
        for step in sorted({start.step, best}):
            name = start.path.name if step == start.step else at_step(source, step).path.name
            shutil.copytree(source / name, target / name)
        for name in (LOG_NAME, samples_jsonl.SAMPLES):
            if (trunk / name).exists():
                shutil.copyfile(trunk / name, child / name)
        if (trunk / TENSORBOARD).is_dir():
            shutil.copytree(trunk / TENSORBOARD, child / TENSORBOARD)
    except OSError as error:
        raise TrainingError(
            f"{start.path} could not be copied to {child}: {error.strerror or error}",
            legal=f"{trunk} is untouched",
            remedy="make room, then run the command again",
        ) from error
    copied = at_step(target, start.step)  # of a run that goes on meanwhile, a checkpoint may vanish while it is read
    at_step(target, best)
    write_best(target, best)
    history = metrics_jsonl.go_back(child / LOG_NAME, start.step)
    samples_jsonl.go_back(child / samples_jsonl.SAMPLES, start.step)
    if history.step != start.step:
        raise DataError(
            f"the record of {trunk} ends at step {history.step:,}, and its checkpoint is of step {start.step:,}",
            legal="the record of a training reaches its checkpoints",
            remedy="wait until a run that goes on has written it, or begin from an earlier checkpoint",
        )
    return hashlib.sha256((copied.path / "manifest.json").read_bytes()).hexdigest()


def _of(checkpoints: Path, step: int) -> Checkpoint:
    try:
        return at_step(checkpoints, step)
    except DataError as error:
        raise UsageError(
            error.summary.met,
            legal=error.summary.legal,
            remedy="begin from one of these; a run with `save.keep: all` keeps each that it writes",
        ) from error
