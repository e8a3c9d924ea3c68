"""The doctor: what can be found out about a pipeline or a person's program before compute is spent."""

from __future__ import annotations

from dataclasses import replace

from kilter.checks.examination import examine
from kilter.checks.persons_code import PersonsCodeFailed, failure
from kilter.checks.preflight import PREFLIGHT_CHECKS
from kilter.checks.program import PROGRAM_CHECKS
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import Effort, ProgramProbe
from kilter.checks.program.projecting import program_of
from kilter.checks.program.proof import prove as proved
from kilter.engine.seeding import left_as_found
from kilter.values.finding import Examination, Finding, Severity, Skipped, in_order
from kilter.values.pipeline import Pipeline
from kilter.values.program import Program


def check(
    subject: Pipeline | Program,
    *,
    effort: Effort = Effort.QUICK,
    seed: int = 0,
    seconds_each: float = 60.0,
    prove: bool = False,
) -> Examination:
    """What the checks find in a pipeline or a person's program; everything is left as it was.

    Args:
        subject: what is to be trained.
        effort: how much compute checks of a program may take.
        seed: with which a program is made.
        seconds_each: the time limit of each check; one that needs longer is skipped and says so.
        prove: whether the advice of the first finding about a program is tried: the program is trained as it is, and
            with its remedy, and the finding's evidence says whether the metric came back.
    """
    if isinstance(subject, Program):
        return _check_program(subject, effort=effort, seed=seed, seconds_each=seconds_each, prove=prove)
    preflight = _once(examine(PREFLIGHT_CHECKS, subject, seconds_each=seconds_each))
    if effort is Effort.QUICK or (preflight.worst or Severity.NOTE) is Severity.FAILURE:
        return preflight  # what follows trains, and nothing can be learnt from training what is wrong
    program = _check_program(
        program_of(subject), effort=effort, seed=subject.recipe.train.seed, seconds_each=seconds_each, prove=prove
    )
    return _together(preflight, program)


def prove_first(examination: Examination, subject: Pipeline | Program, *, seed: int = 0) -> Examination:
    """The same with its first finding proved, if it is one that matters.

    Args:
        examination: what was found.
        subject: in what.
        seed: with which a program is made; a pipeline's recipe says its own.
    """
    if isinstance(subject, Program):
        return _proved(examination, Bench(program=subject, seed=seed))
    return _proved(examination, Bench(program=program_of(subject), seed=subject.recipe.train.seed))


def _together(first: Examination, second: Examination) -> Examination:
    """Two examinations of one training; what both say is said once, in the words of the first."""
    names = {finding.name for finding in first.findings}
    causes = {finding.causes[0] for finding in first.findings if finding.causes}
    more = [f for f in second.findings if f.name not in names and not (f.causes and f.causes[0] in causes)]
    skipped = {each.name: each for each in (*second.skipped, *first.skipped)}
    return Examination(
        findings=in_order((*first.findings, *more)),
        skipped=tuple(skipped.values()),
        seconds={**second.seconds, **first.seconds},
    )


def _check_program(program: Program, *, effort: Effort, seed: int, seconds_each: float, prove: bool) -> Examination:
    bench = Bench(program=program, seed=seed)
    try:
        with left_as_found():
            recording = bench.recording
    except PersonsCodeFailed as failed:
        return Examination(findings=(failure(failed),))
    broke = () if recording.error is None else (failure(PersonsCodeFailed("A training step", recording.error)),)
    if not recording.steps:
        return Examination(findings=broke)
    examined = examine(_of_effort(Effort.QUICK), bench, seconds_each=seconds_each)
    if effort is Effort.FULL:
        examined = _trained(examined, bench, seconds_each)
    examination = _once(replace(examined, findings=in_order((*examined.findings, *broke))))
    return _proved(examination, bench) if prove else examination


def _trained(quick: Examination, bench: Bench, seconds_each: float) -> Examination:
    """The same with what trainings say; they are left out where something was proved to be wrong."""
    wrong = [finding for finding in quick.findings if finding.severity is Severity.FAILURE]
    if wrong:
        reason = f"{wrong[0].name} is to be mended first: trainings of what is wrong tell nothing"
        skipped = tuple(Skipped(name=check.name, reason=reason) for check in _of_effort(Effort.FULL))
        return replace(quick, skipped=(*quick.skipped, *skipped))
    full = examine(_of_effort(Effort.FULL), bench, seconds_each=seconds_each)
    return Examination(
        findings=in_order((*quick.findings, *full.findings)),
        skipped=(*quick.skipped, *full.skipped),
        seconds={**quick.seconds, **full.seconds},
    )


def _of_effort(effort: Effort) -> list[ProgramProbe]:
    return [check for check in PROGRAM_CHECKS if check.effort is effort]


def _proved(examination: Examination, bench: Bench) -> Examination:
    """The same with its first finding proved, if it is one that matters."""
    first, *others = examination.findings or (None,)
    if first is None or first.severity is Severity.NOTE or not first.causes:
        return examination
    return replace(examination, findings=(proved(bench, first), *others))


def _once(examination: Examination) -> Examination:
    """The same without repetition: an error of the person's code meets every probe."""
    once: list[Finding] = []
    for finding in examination.findings:
        if finding not in once:
            once.append(finding)
    return Examination(findings=tuple(once), skipped=examination.skipped, seconds=examination.seconds)
