"""Keeping weights while training: in memory, or as checkpoints in a folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, final

from kilter.engine.seeding import random_state
from kilter.training import checkpoints
from kilter.values.errors import TrainingError

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.training.loop import Training
    from kilter.values.recipe import Save


class Keeper(Protocol):
    """Where weights are kept."""

    def keep(self, training: Training, *, best: int | None) -> None:
        """Keep the training as it stands; `best` is the step of the best evaluation so far, if there was one."""

    def weights(self, step: int) -> dict[str, Tensor]:
        """The weights of the best step or the last one that was kept."""


@final
class MemoryKeeper:
    """Keeps a copy of the best weights, and of the last ones."""

    def __init__(self) -> None:
        self._kept: dict[int, dict[str, Tensor]] = {}

    def keep(self, training: Training, *, best: int | None) -> None:
        """Keep the training as it stands."""
        copy = {name: tensor.detach().clone() for name, tensor in training.model.state_dict().items()}
        self._kept = {step: state for step, state in self._kept.items() if step == best}
        self._kept[training.steps] = copy

    def weights(self, step: int) -> dict[str, Tensor]:
        """The weights of a kept step."""
        return self._kept[step]


@final
class FolderKeeper:
    """Keeps whole checkpoints; those that are neither recent nor the best are deleted."""

    def __init__(self, folder: Path, save: Save) -> None:
        self._folder = folder
        self._save = save

    def keep(self, training: Training, *, best: int | None) -> None:
        """Write a checkpoint, and which one is the best."""
        state = random_state()
        checkpoints.save(
            self._folder, step=training.steps, model=training.model, optimizer=training.optimizer, random=state
        )
        write_best(self._folder, training.steps if best is None else best)
        checkpoints.prune(self._folder, keep=self._save.keep, best=best)

    def weights(self, step: int) -> dict[str, Tensor]:
        """The weights of a checkpoint."""
        return checkpoints.at_step(self._folder, step).weights()


def write_best(folder: Path, step: int) -> None:
    """Say which checkpoint is the best, all at once or not at all.

    Raises:
        TrainingError: the disk refuses.
    """
    temporary = folder / ".writing-best.json"
    try:
        with temporary.open("w", encoding="utf-8") as file:
            json.dump({"step": step}, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / "best.json")
    except OSError as error:
        raise TrainingError(f"{folder / 'best.json'} could not be written: {error.strerror or error}") from error


def read_best(folder: Path) -> int | None:
    """The step of the best checkpoint; None where nothing was kept."""
    try:
        return int(json.loads((folder / "best.json").read_text("utf-8"))["step"])
    except (OSError, ValueError, KeyError):
        return None
