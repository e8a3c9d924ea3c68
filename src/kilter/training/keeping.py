"""Keeping weights while training: in memory, or as checkpoints in a folder."""

from __future__ import annotations

import json
import logging
import os
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, final

from kilter.engine.averaging import judged
from kilter.engine.seeding import random_state
from kilter.training import checkpoints
from kilter.training.footprint import footprint
from kilter.values.errors import RecipeError, TrainingError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from kilter.training.checkpoints import Checkpoint
    from kilter.training.loop import Training
    from kilter.values.recipe import Save


_LOG: Final = logging.getLogger("kilter")


class Keeper(Protocol):
    """Where weights are kept."""

    def keep(self, training: Training, *, best: int | None) -> None:
        """Keep the training as it stands; `best` is the step of the best evaluation so far, if there was one."""

    def choose(self, step: int) -> dict[str, Tensor]:
        """The weights of the best step or the last one that was kept; from now on they are the result."""


def make_keeper(folder: Path | None, save: Save, start: Checkpoint | None, training: Training) -> Keeper:
    """A keeper for a training that begins at `start`.

    Raises:
        UsageError: the folder is another one than that of `start`, or holds another training.
        RecipeError: the best and the last checkpoint of this training do not fit into `save.budget`.
    """
    if start is not None and folder != start.path.parent:
        raise UsageError(
            f"a training goes on from {start.path}, and its folder is {folder}",
            legal="checkpoints stay beside the one from which a training goes on, the best among them",
            remedy=f"give `fit` the folder {start.path.parent}",
        )
    if folder is None:
        return MemoryKeeper()
    if start is None:
        checkpoints.departure(folder, resume=False)
    if save.budget is not None:
        _fits(save.budget, footprint(training.model, training.optimizer, save.content), save)
    return FolderKeeper(folder, save)


def _fits(budget: int, each: int, save: Save) -> None:
    if 2 * each > budget:
        smaller = ", or keep weights alone with save.content: weights" if save.content == "full" else ""
        raise RecipeError(
            f"save.budget = {_said(budget)}, and one checkpoint of this training takes {_said(each)}",
            legal="the best and the last one are always kept, and must fit into it",
            remedy=f"set it to {_said(2 * each + 1_000_000)} or more{smaller}",
        )


def _said(size: int) -> str:
    if size < 5_000:  # which would be 0.00MB
        return f"{size:,} byte{'s' * (size != 1)}"
    return f"{size / 1e9:.2f}GB" if size >= 1e9 else f"{size / 1e6:.2f}MB"


@final
class MemoryKeeper:
    """Keeps a copy of the best weights, and of the last ones."""

    def __init__(self) -> None:
        self._kept: dict[int, dict[str, Tensor]] = {}  # by step

    def keep(self, training: Training, *, best: int | None) -> None:
        """Keep the training as it stands."""
        self._kept = {step: state for step, state in self._kept.items() if step == best}
        with judged(training.optimizer):
            self._kept[training.steps] = deepcopy(training.model.state_dict())

    def choose(self, step: int) -> dict[str, Tensor]:
        """The weights of a kept step."""
        return self._kept[step]


@final
class FolderKeeper:
    """Keeps whole checkpoints; those that are neither recent nor the best of a recent one are deleted.

    Beside these the oldest of all go where the budget is spent, which is said: the first time as a warning.
    """

    def __init__(self, folder: Path, save: Save) -> None:
        self._folder = folder
        self._save = save
        self._warned = False

    def keep(self, training: Training, *, best: int | None) -> None:
        """Write a checkpoint, and which one is the best."""
        step = training.steps
        checkpoints.save(
            self._folder,
            step=step,
            best=best,
            model=training.model,
            optimizer=training.optimizer,
            random=random_state(),
            content=self._save.content,
        )
        write_best(self._folder, step if best is None else best)
        gone = checkpoints.prune(self._folder, step=step, keep=self._save.keep, budget=self._save.budget)
        if gone:
            self._tell(gone)

    def _tell(self, gone: Mapping[int, int]) -> None:
        _LOG.log(
            logging.INFO if self._warned else logging.WARNING,
            "save.budget (%s) is spent: the checkpoint%s of step%s %s went, %s; the best and the last stay",
            _said(self._save.budget or 0),
            "s" * (len(gone) != 1),
            "s" * (len(gone) != 1),
            ", ".join(f"{step:,}" for step in gone),
            _said(sum(gone.values())),
        )
        self._warned = True

    def choose(self, step: int) -> dict[str, Tensor]:
        """The weights of a checkpoint, which is then the best; a kill may have come before it could be called so."""
        weights = checkpoints.at_step(self._folder, step).weights()
        write_best(self._folder, step)
        return weights


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
        raise TrainingError(
            f"{folder / 'best.json'} could not be written: {error.strerror or error}",
            legal="the checkpoints in the folder are whole",
            remedy="make room, then go on with `kilter train --resume`",
        ) from error


def read_best(folder: Path) -> int | None:
    """The step of the best checkpoint; None where nothing was kept."""
    try:
        return int(json.loads((folder / "best.json").read_text("utf-8"))["step"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
