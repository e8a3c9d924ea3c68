"""Training into a run's folder: what is recorded goes to metrics.jsonl and its mirrors, checkpoints beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kilter.tracking.recording import open_recording
from kilter.training import fit as training  # the file, whose `fit` this one wraps
from kilter.training.checkpoints import newest

if TYPE_CHECKING:
    from kilter.training.events import Hook
    from kilter.values.pipeline import Pipeline

CHECKPOINTS: Final = "checkpoints"


def fit(
    pipeline: Pipeline,
    *,
    folder: Path,
    hooks: Sequence[Hook] | None = None,
    observers: Iterable[training.Observer] = (),
    resume: bool = False,
    mirrors: Iterable[str] = (),
) -> training.Fitted:
    """Train a pipeline into a folder, or go on there from its newest checkpoint.

    Args:
        pipeline: what is trained.
        folder: the run's.
        hooks: what may stop the training or find something; None takes the default ones.
        observers: who else is told.
        resume: whether to go on from the newest checkpoint that is whole; what was recorded after it is cut off.
        mirrors: names of trackers beside metrics.jsonl.

    Raises:
        RecipeError: options that cannot take effect.
        UsageError: a mirror that nobody knows.
        TrainingError: the disk refuses.
        Interrupted: somebody asked to stop; a checkpoint was written.
    """
    start = newest(folder / CHECKPOINTS) if resume else None
    recording, history = open_recording(folder, mirrors=mirrors, start=start.step if start else 0)
    try:
        return training.fit(
            pipeline,
            folder=folder / CHECKPOINTS,
            hooks=hooks,
            observers=(recording, *observers),
            start=start,
            history=history,
        )
    finally:
        recording.close()
