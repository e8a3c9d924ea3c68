"""How a flow goes, on stderr: a live bar on a terminal, else a plain line per epoch or per half minute."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, final

import click

from kilter.cli.options import Options, wants_colour
from kilter.training.events import Evaluated, Event, Finished, StepDone

if TYPE_CHECKING:
    from kilter.project.progress import Progress
    from kilter.values.history import History
    from kilter.values.run import Stage

SECONDS_A_LINE = 30.0


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
    """Plain lines: one for each stage, each epoch that ends and each evaluation, or one in half a minute."""

    def __init__(self) -> None:
        self._steps = 0
        self._epoch = 0
        self._said_at = time.monotonic()

    def began(self, stage: str) -> None:
        self._said_at = time.monotonic()
        _say(f"{stage} …")

    def planned(self, steps: int) -> None:
        self._steps = steps

    def see(self, event: Event, history: History) -> None:
        now = time.monotonic()
        match event:
            case StepDone() if event.epoch != self._epoch or now - self._said_at >= SECONDS_A_LINE:
                self._epoch = event.epoch
                self._said_at = now
                _say(f"  {_where(event.step, self._steps)}, epoch {event.epoch + 1}: train.loss {event.loss:.4g}")
            case Evaluated():
                self._said_at = now
                _say(f"  {_where(event.step, self._steps)}, {event.split}: {_scores(event)}")
            case _:
                pass

    def flush(self) -> None:
        pass

    def ended(self, stage: Stage) -> None:
        _say(_ending(stage))


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
            TextColumn("{task.completed:,.0f}/{task.fields[known]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[said]}"),
            console=self._console,
            transient=True,
            refresh_per_second=8,
        )
        self._task: Any = None
        self._drawn = 0.0

    def began(self, stage: str) -> None:
        self._console.print(f"{stage} …", markup=False)

    def planned(self, steps: int) -> None:
        self._bar.start()
        self._task = self._bar.add_task("training", total=steps or None, known=f"{steps:,}" if steps else "?", said="")

    def see(self, event: Event, history: History) -> None:
        now = time.monotonic()
        match event:
            case StepDone() if self._task is not None and now - self._drawn > 0.1:
                self._drawn = now
                self._bar.update(self._task, completed=event.step, said=f"loss {event.loss:.4g}")
            case Evaluated():
                self._console.print(f"  step {event.step:,}, {event.split}: {_scores(event)}", markup=False)
            case Finished():
                self._bar.stop()
            case _:
                pass

    def flush(self) -> None:
        pass

    def ended(self, stage: Stage) -> None:
        self._bar.stop()
        self._console.print(_ending(stage), markup=False)


def _say(line: str) -> None:
    click.echo(line, err=True)


def _where(step: int, steps: int) -> str:
    return f"step {step:,} of {steps:,}" if steps else f"step {step:,}"


def _scores(event: Evaluated) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in list(event.scores.items())[:4])


def _ending(stage: Stage) -> str:
    worst = max((finding.severity for finding in stage.findings), default=None)
    found = f"; {len(stage.findings)} finding{'s' * (len(stage.findings) != 1)}, worst {worst.word}" if worst is not None else ""
    return f"{stage.name} {stage.status} in {stage.seconds:.1f} s: {stage.summary}{found}"
