"""Training into a run's folder: what is recorded goes to metrics.jsonl and its mirrors, checkpoints beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kilter.tracking.recording import open_recording
from kilter.tracking.samples_jsonl import SAMPLES, SamplesLog, go_back
from kilter.training import fit as training  # the file, whose `fit` this one wraps
from kilter.training.checkpoints import departure
from kilter.training.pacing import SHARE
from kilter.values.errors import UsageError

if TYPE_CHECKING:
    from kilter.training.events import Hook
    from kilter.training.sitting import Observer
    from kilter.values.pipeline import Pipeline
    from kilter.values.recipe import Save

CHECKPOINTS: Final = "checkpoints"


def fit(
    pipeline: Pipeline,
    *,
    folder: str | Path | None = None,
    hooks: Sequence[Hook] | None = None,
    observers: Iterable[Observer] = (),
    resume: bool = False,
    mirrors: Iterable[str] = (),
    measuring: float = SHARE,
) -> training.Fitted:
    """Train a pipeline; into a folder, or going on there from its newest checkpoint.

    Args:
        pipeline: what is trained.
        folder: where metrics.jsonl and checkpoints go; made where it is missing. None keeps all in memory.
        hooks: what may stop the training or find something; None takes the default ones.
        observers: who else is told.
        resume: whether to go on from the newest checkpoint that is whole; what was recorded after it is cut off.
        mirrors: names of trackers beside metrics.jsonl.
        measuring: share of the steps' time in which layers may be measured, 10 µs a step at least; 0 measures none.

    Raises:
        RecipeError: options that cannot take effect.
        UsageError: a mirror that nobody knows; or resuming, a mirror, or settings of `save`, without a folder.
        TrainingError: the disk refuses.
        Interrupted: somebody asked to stop; a checkpoint was written.
    """
    mirrors = tuple(mirrors)
    if folder is None:
        if resume or mirrors:
            raise UsageError("fit without a folder", legal="resuming and mirrors need one", remedy="name a folder")
        _refuse_saving(pipeline.recipe.save)
        return training.fit(pipeline, hooks=hooks, observers=observers, measuring=measuring)
    folder = Path(folder)
    _make(folder)
    start = departure(folder / CHECKPOINTS, resume=resume)
    reached = start.step if start else -1  # of an earlier training that left no checkpoint, nothing stays
    recording, history = open_recording(folder, mirrors=mirrors, start=reached)
    earlier, samples_log = go_back(folder / SAMPLES, reached), SamplesLog(folder / SAMPLES)
    try:
        return training.fit(
            pipeline,
            folder=folder / CHECKPOINTS,
            hooks=hooks,
            observers=(recording, samples_log, *observers),
            start=start,
            history=history,
            samples=earlier,
            measuring=measuring,
        )
    finally:
        try:
            recording.close()
        finally:
            samples_log.close()


def _refuse_saving(save: Save) -> None:
    """Raise for settings of checkpoints where none are written; the best weights are kept in memory."""
    asked = ", ".join(f"save.{name} = {value}" for name, value in save.model_dump(exclude_defaults=True).items())
    if asked:
        raise UsageError(
            f"fit without a folder, and {asked}",
            legal="checkpoints are written into a folder",
            remedy="name a folder, or leave these out",
        )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be made: {error.strerror or error}", remedy="name another folder") from error
