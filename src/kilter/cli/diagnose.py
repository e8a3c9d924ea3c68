"""`kilter diagnose`: what the curves of recorded trainings say, whoever recorded them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kilter.cli.options import Options, shared_options
from kilter.values.errors import UsageError

if TYPE_CHECKING:
    from kilter.values.diagnosis import DiagnosedRun, Diagnosis


@click.command(short_help="Read the curves of recorded trainings.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--column", "columns", multiple=True, metavar="CURVE=NAME", help="Take a column: train_loss=NAME.")
@click.option("--task", metavar="TASK", help="What is learnt: classification, regression and so on.")
@click.option("--classes", type=click.IntRange(min=2), help="How many classes there are.")
@click.option("--sarif", "sarif_file", type=click.Path(path_type=Path), help="Write the findings as SARIF 2.1.0, too.")
@shared_options
def diagnose(
    *,
    paths: tuple[str, ...],
    columns: tuple[str, ...],
    task: str | None,
    classes: int | None,
    sarif_file: Path | None,
    options: Options,
) -> None:
    """Say what the curves of recorded trainings tell, whoever recorded them.

    PATH is a log or a folder of logs: TensorBoard's event files, wandb/, mlruns/ or mlflow.db,
    trainer_state.json, CSV files as of Lightning and Keras, JSON lines, runs of kilter.
    Several runs are compared, too.
    """
    fail_on, others = options.gate()
    others.refuse_overrides("diagnose", "a log shows what was run; nothing can be set")
    from kilter.cli.result import finish, paper, result
    from kilter.project.diagnosing import diagnose as read_and_examine
    from kilter.project.gate import stopping
    from kilter.report.diagnosis import diagnosis_document
    from kilter.values.json_form import to_json

    diagnosis = read_and_examine(*paths, task=task, classes=classes, columns=_chosen(columns))
    if sarif_file is not None:
        _write_sarif(sarif_file, diagnosis)
    document = result(
        "diagnose",
        status="gated" if stopping(diagnosis.findings, fail_on) else "done",
        findings=diagnosis.findings,
        runs=[_run_form(run) for run in diagnosis.runs],
        partings=to_json(diagnosis.partings),
    )
    finish(options, document, "" if options.json else paper(diagnosis_document(diagnosis)))


def _chosen(columns: tuple[str, ...]) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for text in columns:
        curve, equals, name = text.partition("=")
        if not (equals and curve.strip() and name.strip()):
            raise UsageError(f"--column {text}", legal="CURVE=NAME, such as train_loss=total", remedy="say both")
        chosen[curve.strip()] = name.strip()
    return chosen


def _run_form(run: DiagnosedRun) -> dict[str, object]:
    """A run as it stands in the JSON document."""
    from kilter.cli.result import finding_form
    from kilter.report.diagnosis import best_of

    history = run.log.history
    curves = {}
    for curve in (history[name] for name in history):
        best = best_of(curve)
        curves[curve.name] = {
            "points": len(curve),
            "first": float(curve.values[0]),
            "best": None if best is None else float(curve.values[best]),
            "best_step": None if best is None else int(curve.steps[best]),
            "last": float(curve.values[-1]),
        }
    return {
        "name": run.name,
        "path": run.source or None,
        "rows": len(history),
        "steps": history.step,
        "taken": dict(run.log.taken),
        "notes": list(run.log.notes),
        "curves": curves,
        "findings": [finding_form(finding) for finding in run.examination.findings],
        "skipped": [{"name": skipped.name, "reason": skipped.reason} for skipped in run.examination.skipped],
        "seconds": {name: round(seconds, 3) for name, seconds in run.examination.seconds.items()},
    }


def _write_sarif(path: Path, diagnosis: Diagnosis) -> None:
    from importlib.metadata import version

    from kilter.checks.curves import CURVE_CHECKS
    from kilter.report.sarif import Located, sarif
    from kilter.values.json_form import dumps

    found = [
        Located(finding=finding, path=run.source, about=run.name)
        for run in diagnosis.runs
        for finding in run.examination.findings
    ]
    described = {check.code: (check.__doc__ or "").partition("\n")[0] for check in CURVE_CHECKS}
    try:
        path.write_text(dumps(sarif(found, version=version("kilter"), described=described), indent=1) + "\n", "utf-8")
    except OSError as error:
        raise UsageError(
            f"--sarif {path}: {error.strerror or error}", legal="a file that can be written", remedy="name another"
        ) from None
