"""Killing a training at random moments, having it go on, and looking whether anything differs in the end."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, final

from kilter.logs.metrics_jsonl import read_log
from kilter.tracking.fitting import CHECKPOINTS
from kilter.tracking.recording import LOG_NAME
from kilter.tracking.samples_jsonl import SAMPLES, read_samples
from kilter.training.checkpoints import at_step, newest
from kilter.training.keeping import read_best
from kilter.values.curve_names import EVERY

EVALUATION: Final = ".evaluating"
"""A file in the folder of a training, as long as it evaluates."""

_LOOK: Final = 0.0005  # seconds between two looks at a training; a small checkpoint takes some milliseconds to write
_BETWEEN: Final = 0.05  # seconds that a kill comes after a checkpoint at most, some steps of a small training
_LONGEST: Final = 600.0  # seconds after which a training is taken for stuck


class Moment(StrEnum):
    """When a training is killed."""

    ANY = "at any moment"
    WRITING = "while it writes a checkpoint"
    EVALUATING = "while it evaluates"  # of trainings that show it, see `EVALUATION`


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """A training that was killed and went on.

    Attributes:
        kills: how often it was killed.
        while_writing: how many of them left a half-written checkpoint behind.
        while_evaluating: how many came in the middle of an evaluation.
        torn: how often its newest checkpoint was damaged before it went on.
    """

    kills: int = 0
    while_writing: int = 0
    while_evaluating: int = 0
    torn: int = 0


def trainee(folder: Path, *options: str) -> list[str]:
    """The command that trains into a folder or goes on there."""
    return [sys.executable, "-m", "kilter.testing.trainee", str(folder), *options]


def survive(
    command: Sequence[str],
    folder: Path,
    *,
    steps: int = 0,
    kills: int = 0,
    seed: int = 0,
    moments: Sequence[Moment] = (Moment.ANY, Moment.WRITING),
    tears: bool = False,
) -> Survival:
    """Run a training, killing it by SIGKILL and starting it again, until it ends by itself.

    The moments are random, and told by how far the training is rather than by the clock, so that a busy machine does
    not let it end before its time.

    Args:
        command: trains into the folder, or goes on there.
        folder: of the run.
        steps: that the training makes, with checkpoints among them.
        kills: how often it is killed.
        seed: of the moments.
        moments: at which it is killed, each as often as the others.
        tears: whether after every other kill a file of the newest checkpoint is cut short, as when power fails.

    Raises:
        RuntimeError: it ended with an error.
    """
    draw = random.Random(seed)
    killed = while_writing = while_evaluating = torn = 0
    while True:
        life = _Life(command, folder)
        reached = life.step
        if killed < kills and life.reaches(reached + draw.random() * (0.9 * steps - reached) / (kills - killed)):
            moment = draw.choice(moments)
            met = (moment is Moment.WRITING and life.writes()) or (moment is Moment.EVALUATING and life.evaluates())
            time.sleep(0.0 if met else draw.uniform(0.0, _BETWEEN))
            if life.kill():
                killed += 1
                while_writing += life.half_written()
                while_evaluating += life.in_evaluation() and not life.half_written()
                torn += tears and killed % 2 == 1 and tear(folder / CHECKPOINTS, draw)
        if life.end():
            return Survival(kills=killed, while_writing=while_writing, while_evaluating=while_evaluating, torn=torn)


def tear(checkpoints: Path, draw: random.Random) -> bool:
    """Cut a file of the newest checkpoint short at a random place; false where no earlier one could step in."""
    *earlier, last = sorted(checkpoints.glob("step-*")) or [checkpoints]
    files = sorted(path for path in last.glob("*") if path.stat().st_size)
    if not earlier or not files:
        return False
    file = draw.choice(files)
    os.truncate(file, draw.randrange(file.stat().st_size))
    return True


def differences(folder: Path, other: Path) -> tuple[str, ...]:
    """What differs between two runs: weights of their newest and best checkpoints, rows of their logs but the clock.

    What was shown of their answers is compared as it was written.

    How often layers are measured hangs on the clock; what was measured in a step of both must be the same.
    """
    said: list[str] = []
    for what, one, two in (
        ("the answers that were shown", read_samples(folder / SAMPLES), read_samples(other / SAMPLES)),
        ("the last weights", _weights(folder), _weights(other)),
        ("the best weights", _weights(folder, best=True), _weights(other, best=True)),
        ("the steps of the last and best checkpoint", _steps(folder), _steps(other)),
    ):
        if one != two:
            said.append(f"{what} differ")
    (rows, layers), (others, other_layers) = _rows(folder), _rows(other)
    if len(rows) != len(others):
        said.append(f"{len(rows)} rows were recorded, and {len(others)}")
    said += [f"{row} was recorded, and {another}" for row, another in zip(rows, others, strict=False) if row != another]
    both = layers.keys() & other_layers.keys()  # when layers are measured is for the clock to say
    said += [f"layers of step {step} were measured otherwise" for step in both if layers[step] != other_layers[step]]
    return tuple(said)


def _steps(folder: Path) -> tuple[int, int]:
    last, best = newest(folder / CHECKPOINTS), read_best(folder / CHECKPOINTS)
    return (-1 if last is None else last.step), (-1 if best is None else best)


def _weights(folder: Path, *, best: bool = False) -> bytes:
    checkpoint = at_step(folder / CHECKPOINTS, _steps(folder)[best])
    return (checkpoint.path / "model.safetensors").read_bytes()


def _rows(folder: Path) -> tuple[list[str], dict[int, str]]:
    """As text, in which numbers that are none equal themselves; measurements of layers apart, by their steps."""
    rows: list[str] = []
    layers: dict[int, str] = {}
    for step, values in read_log(folder / LOG_NAME).history.rows():
        kept = {name: value for name, value in values.items() if not name.startswith("clock.") and name != EVERY}
        if EVERY in values:
            layers[step] = str(kept)
        elif kept:
            rows.append(f"{step} {kept}")
    return rows, layers


@final
class _Life:
    """A training process from when it has opened its log to its end."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._checkpoints, self._evaluation = folder / CHECKPOINTS, folder / EVALUATION
        self._left = _unnamed(self._checkpoints)  # by an earlier life
        log = folder / LOG_NAME
        before = log.stat().st_ino if log.exists() else None  # a log that is opened was first written anew
        # A file, not a pipe: workers of a training that was killed keep a pipe open until they notice.
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end
        self._process = subprocess.Popen(command, stderr=self._said)  # noqa: S603 - the caller says what is run
        self._wait(lambda: log.exists() and log.stat().st_ino != before)

    @property
    def step(self) -> int:
        """Of the newest checkpoint that bears a name; 0 before the first."""
        names = [path.name for path in self._checkpoints.glob("step-*")]
        return max((int(name.removeprefix("step-")) for name in names), default=0)

    def reaches(self, step: float) -> bool:
        """Wait for a checkpoint of that step or a later one; false where it ended before."""
        return self._wait(lambda: self.step >= step)

    def half_written(self) -> bool:
        """Whether there is a checkpoint of this life that bears no name yet."""
        return bool(_unnamed(self._checkpoints) - self._left)

    def in_evaluation(self) -> bool:
        """Whether it shows that it evaluates."""
        return self._evaluation.exists()

    def writes(self) -> bool:
        """Wait until it writes a checkpoint; false where it ended before."""
        return self._wait(self.half_written)

    def evaluates(self) -> bool:
        """Wait until it evaluates; false where it ended before."""
        return self._wait(self.in_evaluation)

    def kill(self) -> bool:
        """Kill it; false where it had just ended by itself."""
        self._process.kill()
        return self._process.wait() == -signal.SIGKILL

    def end(self) -> bool:
        """Wait for its end; whether it came by itself.

        Raises:
            RuntimeError: it ended with an error.
        """
        code = self._process.wait(_LONGEST)
        self._said.seek(0)
        with self._said as file:
            said = file.read().decode()
        if code not in {0, -signal.SIGKILL}:
            message = f"the training ended with {code}: {said}"
            raise RuntimeError(message)
        return code == 0

    def _wait(self, happened: Callable[[], bool]) -> bool:
        while not happened():
            if self._process.poll() is not None:
                return False
            time.sleep(_LOOK)
        return True


def _unnamed(checkpoints: Path) -> set[tuple[str, int, int]]:
    """Half-written checkpoints, each with what tells it from one that is written in its place later."""
    found = set()
    for path in checkpoints.glob(".writing-step-*"):
        try:
            said = path.stat()
        except FileNotFoundError:
            continue  # it was just finished
        found.add((path.name, said.st_ino, said.st_mtime_ns))
    return found
