"""Rehearsing: a training is run as its author wrote it, to see what its curves say; nothing of it is kept."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, final

from kilter.checks.curves import CURVE_CHECKS
from kilter.checks.curves.moments import AT_THE_END
from kilter.checks.curves.telling import told
from kilter.checks.doctor import check, prove_first
from kilter.checks.examination import OutOfTime, examine, time_limit
from kilter.checks.joining import join
from kilter.checks.persons_code import PersonsCodeFailed, failure, persons_code
from kilter.checks.program.probe import Effort
from kilter.engine.programs import make, train_step
from kilter.engine.seeding import left_as_found
from kilter.training.events import Event, Stop
from kilter.training.fit import fit
from kilter.training.hooks import default_hooks
from kilter.training.watching import watch
from kilter.values.curve_names import EPOCH, SECONDS, VALID_LOSS
from kilter.values.finding import Examination, Finding, Severity, Skipped, in_order
from kilter.values.history import History
from kilter.values.program import Kind, Program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kilter.engine.programs import Made
    from kilter.training.watching import Watch
    from kilter.values.pipeline import Pipeline

LONGEST: Final = 600.0
"""Seconds that a rehearsal may take where nobody says otherwise."""

GRACE: Final = 1.0
"""Seconds after which an alarm interrupts what has not read the clock: both at once would lose what was recorded."""

_LATE: Final = "out of time"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """A training that was run to see what its curves say.

    Attributes:
        history: what was recorded.
        findings: what was found while it ran: an error of the person's code, faults seen live.
        cut: why it ended before its author's end, as a reader is told; empty where it went all the way.
        seconds: that it took.
    """

    history: History
    findings: tuple[Finding, ...] = ()
    cut: str = ""
    seconds: float = 0.0


def check_and_rehearse(
    subject: Pipeline | Program,
    *,
    effort: Effort = Effort.FULL,
    seed: int = 0,
    seconds_each: float = 60.0,
    seconds: float = LONGEST,
    prove: bool = False,
) -> Examination:
    """What the checks find, joined with what the curves of the subject's own training say; all is left as it was.

    Where the checks proved that something is wrong, nothing is trained: the curves would tell of that fault alone.

    Args:
        subject: what is to be trained.
        effort: how much compute the checks may take, beside the training itself.
        seed: with which a program is made; a pipeline's recipe says its own.
        seconds_each: the time limit of each check.
        seconds: the time limit of the rehearsal; what was recorded by then is judged.
        prove: whether the advice of the first finding of all is tried.
    """
    probed = check(subject, effort=effort, seed=seed, seconds_each=seconds_each)
    wrong = [finding for finding in probed.findings if finding.severity is Severity.FAILURE]
    if wrong:
        reason = f"{wrong[0].name} is to be mended first: the curves of what is wrong tell nothing more"
        joined = replace(probed, skipped=(*probed.skipped, Skipped(name="rehearsal", reason=reason)))
    else:
        joined = join(probed, judge(rehearse(subject, seed=seed, seconds=seconds), subject))
    return prove_first(joined, subject, seed=seed) if prove else joined


def rehearse(subject: Pipeline | Program, *, seed: int = 0, seconds: float = LONGEST) -> Rehearsal:
    """Train as the author does, in a fresh copy, within a time limit; random states are left as they were.

    A program is trained for its epochs, with its `validate` and `epoch_end` after each; its metric is recorded as
    `valid.metric`, or as `valid.error` where a smaller one is better. A pipeline is trained by `fit`.

    Args:
        subject: what is trained.
        seed: with which a program is made; a pipeline's recipe says its own.
        seconds: after which the training is cut. In the main thread whatever takes longer is interrupted, elsewhere
            the clock is read between steps.
    """
    began = time.monotonic()
    record = _Record(until=began + seconds)
    findings: tuple[Finding, ...] = ()
    with left_as_found():
        try:
            with time_limit(seconds + GRACE):
                if isinstance(subject, Program):
                    _train_program(subject, seed, record)
                else:
                    _train_pipeline(subject, record, seconds)
        except OutOfTime:
            record.cut = (
                f"it was cut after {seconds:g} s at step {record.history.step:,}, and judged by what was recorded:"
                " give it more time to see its end"
            )
        except PersonsCodeFailed as failed:
            findings = (failure(failed),)
            record.cut = f"it broke after step {record.history.step:,}"
    return Rehearsal(history=record.history, findings=findings, cut=record.cut, seconds=time.monotonic() - began)


def judge(rehearsal: Rehearsal, subject: Pipeline | Program | None = None) -> Examination:
    """What the curves of a rehearsal say; of one that was cut, what does not hang on its end.

    Args:
        rehearsal: what was recorded.
        subject: whose it is, where checks may know its task and its number of classes.
    """
    checks = [each for each in CURVE_CHECKS if not (rehearsal.cut and each in AT_THE_END)]
    task, classes = _task(subject)
    said = examine(told(checks, task=task, classes=classes), rehearsal.history)
    cut = (Skipped(name="rehearsal", reason=rehearsal.cut),) if rehearsal.cut else ()
    return Examination(
        findings=in_order((*rehearsal.findings, *said.findings)),
        skipped=(*said.skipped, *cut),
        seconds={"rehearsal": rehearsal.seconds, **said.seconds},
    )


def _task(subject: Pipeline | Program | None) -> tuple[str | None, int | None]:
    if subject is None:
        return None, None
    if isinstance(subject, Program):
        return (None if subject.task is Kind.OTHER else str(subject.task)), subject.classes
    return subject.task.name, len(subject.task.labels) or None


@final
@dataclass(slots=True, kw_only=True)
class _Record:
    """What a rehearsal has come to, also where it is interrupted."""

    until: float
    history: History = field(default_factory=History)
    cut: str = ""

    def see(self, _event: Event, history: History) -> None:
        self.history = history

    def flush(self) -> None:
        """Nothing is written."""

    @property
    def late(self) -> bool:
        return time.monotonic() > self.until


def _train_program(program: Program, seed: int, record: _Record) -> None:
    with persons_code("Making the program"):
        made = make(program, seed)
    if program.epochs is None:
        record.cut = "one epoch was rehearsed, since it is not said how many there are: give `epochs`"
    with watch(made.model, made.optimizers or None, quiet=True) as watched:
        try:
            for epoch in range(program.epochs or 1):
                _train_epoch(program, made, epoch, watched, record)
        finally:
            record.history = watched.history


def _train_epoch(program: Program, made: Made, epoch: int, watched: Watch, record: _Record) -> None:
    made.model.train()
    for batch in _read(made):
        with persons_code("A training step"):
            train_step(program, made, batch)
        watched.record({EPOCH: epoch})
        if record.late:
            raise OutOfTime
    if program.validate is not None and made.valid is not None:
        with persons_code("The validation"):
            loss, metric = program.validate(made.model, made.loss_fn, made.valid)
        watched.record({VALID_LOSS: float(loss), _metric(program): float(metric)})
    if program.epoch_end is not None:
        with persons_code("The end of an epoch"):
            program.epoch_end(made.model, made.optimizer, epoch)


def _metric(program: Program) -> str:
    return "valid.metric" if program.higher_is_better else "valid.error"


def _read(made: Made) -> Iterator[Any]:
    with persons_code("Reading the training loader"):
        yield from made.train


def _train_pipeline(pipeline: Pipeline, record: _Record, seconds: float) -> None:
    def limit(_event: Event, history: History) -> Stop | None:
        return Stop(_LATE) if (history.last(SECONDS) or 0.0) > seconds else None

    with persons_code("The training"):
        fitted = fit(pipeline, hooks=(*default_hooks(pipeline.recipe), limit), observers=(record,))
    if fitted.reason == _LATE:
        raise OutOfTime
