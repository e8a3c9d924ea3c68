"""What a command says at its end: one JSON document, or text; and the exit code."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

import click

from kilter.cli.options import Options, wants_colour
from kilter.values.json_form import dumps, to_json

if TYPE_CHECKING:
    from pathlib import Path

    from kilter.values.document import Block, Document
    from kilter.values.evaluation import Evaluation
    from kilter.values.finding import Examination, Finding
    from kilter.values.run import Run
    from kilter.values.score import Score

SCHEMA: Final = 1
"""The version of the document's shape; it changes when a key is removed or means something else."""

EXIT_CODES: Final[Mapping[str, int]] = {"done": 0, "gated": 1, "failed": 4, "interrupted": 130}
"""A run's status to the exit code of the command that made it."""


MOST_CONFUSED: Final = 30
"""Pairs of classes in the document of a run; its page and its evaluation.json have all."""

ONE_LINE: Final = 70
"""Cells of a reason that stand beside a check's name in a line of a terminal."""


def result(
    command: str,
    *,
    status: str = "done",
    run: Path | None = None,
    scores: Iterable[Score] = (),
    findings: Iterable[Finding] = (),
    **more: object,
) -> dict[str, object]:
    """The JSON document of a command.

    Args:
        command: its name.
        status: done, gated, failed or interrupted.
        run: the run's folder.
        scores: by name, each with its interval and the number of examples it stands on.
        findings: in their order.
        more: what this command has to say beside.
    """
    return {
        "schema": SCHEMA,
        "command": command,
        "status": status,
        "run": None if run is None else str(run),
        "scores": {
            score.name: {
                "value": score.value,
                "low": score.low,
                "high": score.high,
                "n": score.n,
                "method": score.method,
                "reading": score.reading,
                "caution": score.caution,
                **({} if score.meant is None else {"meant": score.meant}),
            }
            for score in scores
        },
        "findings": [finding_form(finding) for finding in findings],
        **more,
    }


def finding_form(finding: Finding) -> dict[str, object]:
    """A finding as it stands in a JSON document."""
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.word,
        "seen": finding.seen,
        "causes": list(finding.causes),
        "advice": finding.advice,
        "experiment": finding.experiment,
        "where": list(finding.where),
        "evidence": to_json(finding.evidence),
    }


def confusion_form(evaluation: Evaluation) -> list[dict[str, object]]:
    """Which class was taken for which, the most frequent first, with the examples that were most costly."""
    from kilter.report.confused import confused

    return [
        {
            "truth": pair.truth,
            "decided": pair.decided,
            "count": pair.count,
            "of": pair.of,
            "examples": [{"id": m.id, "inputs": m.inputs, "cost": to_json(m.cost)} for m in pair.examples],
        }
        for pair in confused(evaluation)[:MOST_CONFUSED]
    ]


def run_result(command: str, run: Run, **more: object) -> dict[str, object]:
    """The document of a command that ends with a run: the trained model's scores on the split that judges."""
    from kilter.cli.ending import best, following
    from kilter.project.folder import REPORT
    from kilter.report.hiding import as_told
    from kilter.report.verdict import standing_of
    from kilter.values.finding import in_order

    run = as_told(run)
    standing = standing_of(run)
    trained = standing.trained if standing else None
    report = run.path / REPORT
    return result(
        command,
        status=run.status,
        run=run.path,
        scores=trained.scores if trained else (),
        findings=in_order(run.findings),
        split=trained.split if trained else None,
        confusions=confusion_form(trained) if trained else [],
        best=best(run),
        next=following(run),
        report=str(report) if report.exists() else None,
        cost=run.cost,
        comparison=standing.decisive if standing else None,
        ladder=[rung for rung in run.ladder if standing and rung.split == standing.split],
        untrained=run.untrained.scores if run.untrained else None,
        chosen=next((each.chosen for each in run.evaluations if each.chosen is not None), None),
        expected=run.expected,
        **more,
    )


def finish(options: Options, document: Mapping[str, object], text: str, *, code: int | None = None) -> None:
    """Say how it ended and leave with the exit code, which follows from the document's status.

    Raises:
        click.exceptions.Exit: where the code is not 0.
    """
    if options.json:
        click.echo(dumps(document))
    elif text:
        click.echo(text.rstrip("\n"), color=True)
    code = EXIT_CODES[str(document["status"])] if code is None else code
    if code:
        raise click.exceptions.Exit(code)


def paper(document: Document) -> str:
    """A document as text for this terminal."""
    from kilter.report.terminal import render_terminal

    width = min(120, max(40, shutil.get_terminal_size((100, 24)).columns))
    return render_terminal(document, width=width, colour=wants_colour(sys.stdout))


def run_text(run: Run) -> str:
    """A run as text: its report without machine and settings; then its folder, best score, next command and page."""
    from kilter.cli.ending import ending_text
    from kilter.report.composing import compose

    return f"{paper(compose(run, background=False))}\n{ending_text(run)}"


def examination_text(title: str, examination: Examination, *, told: bool = False) -> str:
    """What checks found, as text.

    Args:
        title: of the page.
        examination: what was found.
        told: whether the evidence of each finding and what the checks cost is said, too.
    """
    from kilter.report.evidence import evidence_line
    from kilter.values.document import Alerts, Document, Grid, Paragraph

    blocks: list[Block] = []
    for finding in examination.findings if told else ():
        blocks.append(Alerts(findings=(finding,)))
        blocks += [Paragraph(text=f"evidence: {line}") for line in [evidence_line(finding)] if line]
    if examination.findings and not told:
        blocks.append(Alerts(findings=examination.findings))
    if not examination.findings:
        blocks.append(Paragraph(text=f"{len(examination.seconds)} checks found nothing."))
    if told and examination.skipped:
        short = [skipped for skipped in examination.skipped if len(skipped.reason) <= ONE_LINE]
        rows = tuple((skipped.name, skipped.reason) for skipped in short)
        blocks += [Grid(columns=("skipped", "because"), rows=rows)] if rows else []
        blocks += [
            Paragraph(text=f"Skipped {skipped.name}: {skipped.reason}.")
            for skipped in examination.skipped
            if skipped not in short  # a table would cut it off
        ]
    elif examination.skipped:
        blocks += [Paragraph(text=f"Skipped {skipped.name}: {skipped.reason}.") for skipped in examination.skipped]
    if told and examination.seconds:
        dearest = sorted(examination.seconds.items(), key=lambda item: -item[1])[:3]
        most = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in dearest)
        total = sum(examination.seconds.values())
        blocks.append(Paragraph(text=f"{len(examination.seconds)} checks took {total:.1f} s; most: {most}."))
    return paper(Document(title=title, blocks=tuple(blocks)))


def examination_result(command: str, examination: Examination, fail_on: str) -> dict[str, object]:
    """The document of a command that examines something; `gated` where findings would stop the way."""
    from kilter.project.gate import stopping

    return result(
        command,
        status="gated" if stopping(examination.findings, fail_on) else "done",
        findings=examination.findings,
        skipped=[{"name": skipped.name, "reason": skipped.reason} for skipped in examination.skipped],
        seconds={name: round(seconds, 3) for name, seconds in examination.seconds.items()},
    )
