"""How a flow goes, on stderr: a live bar on a terminal, else a plain line per epoch or per half minute."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Final, final

import click

from kilter.cli.options import Options, wants_colour
from kilter.training.events import Evaluated, Event, Finished, StepDone
from kilter.values.curve_names import SECONDS

if TYPE_CHECKING:
    from kilter.project.progress import Progress
    from kilter.values.history import History
    from kilter.values.run import Stage

SECONDS_A_LINE: Final = 30.0
SECONDS_A_DRAWING: Final = 0.1
BEFORE: Final = "before the first step"
FINDINGS: Final = 8  # of a stage, that are said at once


def make_progress(options: Options) -> Progress:
    """The progress that fits: none, a live bar, or lines."""
    if options.quiet:
        from kilter.project.progress import Silence

        return Silence()
    if sys.stderr.isatty() and wants_colour(sys.stderr):
        return LiveBar()
    return Lines()


@final
class Lines:
    """Plain lines: one for each stage, each evaluation, each epoch without one; in long epochs one in half a minute."""

    def __init__(self) -> None:
        self._steps: int | None = None
        self._seconds: float | None = None
        self._epoch = -1  # the last one of which something was said
        self._said_at = time.monotonic()

    def began(self, stage: str) -> None:
        self._said_at = time.monotonic()
        _say(f"{stage} …")

    def told(self, line: str) -> None:
        _say(f"  {line}")

    def planned(self, steps: int | None, seconds: float | None = None) -> None:
        self._steps, self._seconds = steps, seconds

    def see(self, event: Event, history: History) -> None:
        match event:
            case StepDone() if event.epoch > self._epoch + 1 or time.monotonic() - self._said_at >= SECONDS_A_LINE:
                self._heard(max(self._epoch, event.epoch - 1))  # an epoch is told when the next one begins
                _say(f"  {self._place(event, history)}: train.loss {event.loss:.4g}")
            case Evaluated():
                self._heard(event.epoch)
                loss = history.last("train.loss")
                train = "" if loss is None else f"train.loss {loss:.4g}, "
                _say(f"  {self._place(event, history)}: {train}{_scores(event)}")
            case _:
                pass

    def flush(self) -> None:
        pass

    def ended(self, stage: Stage) -> None:
        for line in _ending(stage):
            _say(line)

    def _heard(self, epoch: int) -> None:
        self._epoch = epoch
        self._said_at = time.monotonic()

    def _place(self, event: StepDone | Evaluated, history: History) -> str:
        if event.step == 0:
            return BEFORE
        steps = f"{event.step:,} of {self._steps:,}" if self._steps else f"{event.step:,}"
        clock = f", {_spent(history)} of {_long(self._seconds)}" if self._seconds else ""
        return f"epoch {event.epoch + 1}, step {steps}{clock}"


@final
class LiveBar:
    """One bar that is drawn over while training; stages stay as lines above it."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._console = Console(stderr=True, highlight=False)
        self._bar = Progress(
            TextColumn("  {task.description}"),
            BarColumn(),
            TextColumn("{task.fields[done]}/{task.fields[known]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[said]}"),
            console=self._console,
            transient=True,
            refresh_per_second=8,
        )
        self._task: Any = None
        self._by_clock = False
        self._drawn: float | None = None

    def began(self, stage: str) -> None:
        self._console.print(f"{stage} …", markup=False)

    def told(self, line: str) -> None:
        self._console.print(f"  {line}", markup=False)

    def planned(self, steps: int | None, seconds: float | None = None) -> None:
        self._by_clock = seconds is not None
        known = _long(seconds) if seconds else f"{steps:,}" if steps else "?"
        self._bar.start()
        self._task = self._bar.add_task("training", total=seconds or steps or None, done="0", known=known, said="")

    def see(self, event: Event, history: History) -> None:
        match event:
            case StepDone() if self._task is not None:
                self._draw(event, history)
            case Evaluated():
                place = f"epoch {event.epoch + 1}, step {event.step:,}" if event.step else BEFORE
                self._console.print(f"  {place}: {_scores(event)}", markup=False)
            case Finished():
                self._bar.stop()
            case _:
                pass

    def flush(self) -> None:
        pass

    def _draw(self, event: StepDone, history: History) -> None:
        now = time.monotonic()
        if self._drawn is not None and now - self._drawn <= SECONDS_A_DRAWING:
            return
        done = float((history.last(SECONDS) or 0.0) if self._by_clock else event.step)
        if self._drawn is None:  # a resumed run begins far from 0, which says nothing about its speed
            self._bar.reset(self._task, completed=int(done))
        self._drawn = now
        said = _spent(history) if self._by_clock else f"{event.step:,}"
        self._bar.update(self._task, completed=done, done=said, said=f"loss {event.loss:.4g}")

    def ended(self, stage: Stage) -> None:
        self._bar.stop()
        for line in _ending(stage):
            self._console.print(line, markup=False, soft_wrap=True)


def _say(line: str) -> None:
    click.echo(line, err=True)


def _scores(event: Evaluated) -> str:
    return ", ".join(f"{event.split}.{name} {value:.4g}" for name, value in list(event.scores.items())[:4])


def _spent(history: History) -> str:
    return _long(history.last(SECONDS) or 0.0)


def _long(seconds: float) -> str:
    """Seconds as a clock shows them: 90 are 1:30, 3,600 are 1:00:00."""
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def _ending(stage: Stage) -> list[str]:
    """How a stage ended, and what it found, a line each."""
    found = [f"  {each.severity.word}: {each.code} {each.name}: {each.seen}" for each in stage.findings[:FINDINGS]]
    if len(stage.findings) > FINDINGS:
        found.append(f"  and {len(stage.findings) - FINDINGS} more findings, all in the report")
    return [f"{stage.name} {stage.status} in {stage.seconds:.1f} s: {stage.summary}", *found]
