"""A dozen steps of a program, as it is or with one thing changed, and what became of the loss on the same batches."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, final

import torch

from kilter.checks.persons_code import PersonsCodeFailed, persons_code
from kilter.checks.program.bench import Bench
from kilter.checks.program.trials import AS_IT_IS, Change, updating
from kilter.engine.programs import Made, batches, train_step, value_of

if TYPE_CHECKING:
    from torch import Tensor

HELD: Final = (0, 4, 8)
"""The steps on whose batches the loss is judged: seen by all runs alike, apart from each other."""

LONGER: Final = 40
"""Steps that confirm what a dozen made suspicious: an optimizer with the usual momentum of 0.9 has settled by then."""

STILL: Final = 1e-3
"""A fall of the loss that counts as none, as a share of its start; below it two runs differ by rounding alone."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ShortRun:
    """What some steps did to the loss.

    Attributes:
        change: what was done otherwise.
        steps: how many there were.
        start: mean loss of the held batches before the first step, in the mode in which the step trains.
        end: the same after the last; not-a-number where the run broke.
        losses: of each step.
    """

    change: Change
    steps: int
    start: float
    end: float
    losses: tuple[float, ...]

    @property
    def scale(self) -> float:
        """What a change of the loss is measured by: its start."""
        return max(abs(self.start), 1e-12)

    @property
    def fall(self) -> float:
        """How far the loss fell, as a share of its start; minus infinity where it is no number any more."""
        return (self.start - self.end) / self.scale if math.isfinite(self.end) else -math.inf

    @property
    def rose(self) -> bool:
        """Whether some step's loss was a tenth above the first, or no number; by chance, too, as batches differ."""
        return any(not loss <= self.losses[0] + 0.1 * self.scale for loss in self.losses)

    def shakes(self, other: ShortRun) -> bool:
        """Whether some step's loss is a tenth above that of another run on the same batch, or no number."""
        pairs = zip(self.losses, other.losses, strict=False)
        return any(not mine <= theirs + 0.1 * self.scale for mine, theirs in pairs)


def recorded_run(bench: Bench) -> ShortRun | None:
    """The recorded steps as a run; None where there is no single loss to follow, or it was no number from the start.

    A step with several backwards (two players, say) has no loss that ought to fall.
    """
    return bench.once(("recorded run",), lambda: _recorded_run(bench))


def short_run(bench: Bench, change: Change = AS_IT_IS, *, steps: int = 12) -> ShortRun:
    """So many steps from the same seed on the same batches with one thing changed; the same one is run once.

    An error of the person's code on the way is the end of a run that broke.
    """
    return bench.once(("short run", change.name, steps), lambda: _short_run(bench, change, steps))


def _recorded_run(bench: Bench) -> ShortRun | None:
    steps = bench.recording.steps
    backwards = [len(step.backwards) for step in steps]
    if bench.recording.error is not None or not steps or max(backwards) != 1 or len(_optimizers(bench)) != 1:
        return None
    losses = tuple(value_of(step.backwards[0].loss) if step.backwards else step.returned for step in steps)
    made = bench.made()
    _load(made, steps[0].before)
    start = held_loss(bench, made)
    if not math.isfinite(start) or not math.isfinite(losses[0]):
        return None
    _load(made, bench.recording.after)
    return ShortRun(change=AS_IT_IS, steps=len(steps), start=start, end=held_loss(bench, made), losses=losses)


def _optimizers(bench: Bench) -> set[int]:
    return {update.optimizer for update in bench.recording.updates}


def _short_run(bench: Bench, change: Change, steps: int) -> ShortRun:
    recorded = recorded_run(bench)
    start = recorded.start if recorded is not None else math.nan
    losses: list[float] = []
    try:
        made = bench.made()
        if change.prepare is not None:
            change.prepare(made)
        with persons_code(f"Training {change.name} for {steps} steps"), updating(made, change):
            given = made if change.batches is None else replace(made, train=change.batches(made.train))
            for _, batch in batches(bench.program, given, steps):
                returned = change.step(made, batch) if change.step else train_step(bench.program, made, batch)
                losses.append(value_of(returned))
        end = held_loss(bench, made)
    except PersonsCodeFailed:
        end = math.nan
    return ShortRun(change=change, steps=steps, start=start, end=end, losses=tuple(losses))


def held_loss(bench: Bench, made: Made) -> float:
    """Mean loss of the held batches, in the mode in which the step trains, with the same draws each time."""
    made.model.train()
    steps = bench.recording.steps
    losses: list[float] = []
    for at in HELD:
        if at < len(steps):
            loss = bench.peek(made, steps[at].batch).loss
            losses.append(math.nan if loss is None else value_of(loss))
    return sum(losses) / len(losses) if losses else math.nan


def _load(made: Made, state: Mapping[str, Tensor]) -> None:
    here: dict[str, Any] = {**dict(made.model.named_parameters()), **dict(made.model.named_buffers())}
    with torch.no_grad():
        for name, value in state.items():
            if name in here and here[name].shape == value.shape:
                here[name].copy_(value)
