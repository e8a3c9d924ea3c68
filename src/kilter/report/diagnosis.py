"""What the curves of recorded runs say, as a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from kilter.report.evidence import evidence_line
from kilter.report.wording import counted, number, shown
from kilter.values.curve_names import BATCH, EPOCH, EVERY, INPUT_SIZE, LEARNING_RATE, MEASURING, direction
from kilter.values.diagnosis import DiagnosedRun, Diagnosis
from kilter.values.document import Alerts, Block, Document, Grid, Heading, Paragraph
from kilter.values.finding import Severity
from kilter.values.history import Curve, History

MOST_CURVES: Final = 16
"""Curves of one run that a table shows; those of layers are counted, not shown."""
MOST_ACROSS: Final = 5
"""Curves that stand beside each other where several runs are compared."""
_COUNTED: Final = frozenset({EPOCH, BATCH, INPUT_SIZE, EVERY, MEASURING})
_SPLITS: Final = ("train.", "valid.", "test.")


def diagnosis_document(diagnosis: Diagnosis) -> Document:
    """Each run's curves and findings; of several runs, first how they stand beside each other."""
    if len(diagnosis.runs) == 1:
        (run,) = diagnosis.runs
        return Document(title=f"curves of {shown(run.name)}", blocks=tuple(_run_blocks(run)))
    blocks = list(_comparison(diagnosis))
    for run in diagnosis.runs:
        blocks += [Heading(text=shown(run.name)), *_run_blocks(run, briefly=True)]
    return Document(title=f"curves of {len(diagnosis.runs)} runs", blocks=tuple(blocks))


def _run_blocks(run: DiagnosedRun, *, briefly: bool = False) -> Iterator[Block]:
    for line in run.about:
        yield Paragraph(text=line)
    yield _curves(run.log.history)
    for finding in run.examination.findings:
        yield Alerts(findings=(finding,))
        line = evidence_line(finding)
        if line:
            yield Paragraph(text=f"evidence: {line}")
    checks, skipped = len(run.examination.seconds), run.examination.skipped
    if not run.examination.findings:
        judged = counted(checks - len(skipped), "check")
        yield Paragraph(
            text=f"{judged} found nothing." if checks > len(skipped) else "Nothing could be judged.", lead=True
        )
    if skipped and briefly:
        yield Paragraph(text=f"Not judged: {', '.join(one.name for one in skipped)}.")
    elif skipped:
        rows = tuple((one.name, one.reason) for one in skipped)
        yield Grid(columns=("not judged", "because"), rows=rows)


def _curves(history: History) -> Grid:
    names = [name for name in history if "/" not in name and name not in _COUNTED]
    hidden = len(history.names) - len(names[:MOST_CURVES])
    return Grid(
        columns=("curve", "points", "first", "best", "at step", "last"),
        rows=tuple(_row(history[name]) for name in names[:MOST_CURVES]),
        caption=f"{counted(hidden, 'curve')} more of epochs, batches and layers not shown" if hidden else "",
        numeric=(1, 2, 3, 4, 5),
    )


def _row(curve: Curve) -> tuple[str, ...]:
    best = best_of(curve)
    at, value = ("–", "–") if best is None else (number(curve.steps[best]), number(float(curve.values[best])))
    first, last = number(float(curve.values[0])), number(float(curve.values[-1]))
    return shown(curve.name, 40), number(len(curve)), first, value, at, last


def best_of(curve: Curve) -> int | None:
    """The place of a curve's best value; None where its name does not tell what is better, or no value is finite.

    >>> best_of(Curve(name="valid.loss", steps=np.arange(3), values=np.array([3.0, 1.0, 2.0])))
    1
    """
    better, finite = direction(curve.name), np.isfinite(curve.values)
    if not better or not finite.any():
        return None
    return int(np.argmax(np.where(finite, better * curve.values, -np.inf)))


def _comparison(diagnosis: Diagnosis) -> Iterator[Block]:
    histories = [run.log.history for run in diagnosis.runs]
    shared = [
        name
        for name in dict.fromkeys(name for history in histories for name in history)
        if name.startswith(_SPLITS)
        and "/" not in name
        and name not in _COUNTED | {LEARNING_RATE}
        and sum(name in history for history in histories) > 1
    ]
    # What is held out comes first: it is what runs are chosen by.
    shared = sorted(shared, key=lambda name: (not name.startswith("valid."), not direction(name)))[:MOST_ACROSS]
    yield Grid(
        columns=("run", "steps", "findings", *shared),
        rows=tuple(_compared(run, shared) for run in diagnosis.runs),
        caption="best and last value of each curve that runs share" if shared else "the runs share no curve",
        numeric=(1,),
    )
    for parting in diagnosis.partings:
        yield Paragraph(text=f"{parting}.")
    if diagnosis.partings:
        yield Paragraph(text="Beyond the noise within each curve, that is; another seed may part as much.")


def _compared(run: DiagnosedRun, curves: list[str]) -> tuple[str, ...]:
    history = run.log.history
    cells = [_best_and_last(history[name]) if name in history else "–" for name in curves]
    return shown(run.name, 40), number(history.step), _counts(run), *cells


def _best_and_last(curve: Curve) -> str:
    best, last = best_of(curve), number(float(curve.values[-1]))
    return last if best is None else f"{number(float(curve.values[best]))}, {last}"


def _counts(run: DiagnosedRun) -> str:
    found = [finding.severity for finding in run.examination.findings]
    said = [counted(found.count(severity), severity.word) for severity in reversed(Severity) if severity in found]
    return ", ".join(said) or "none"
