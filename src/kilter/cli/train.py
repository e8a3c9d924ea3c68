"""`kilter train`: the training alone, from the start or from where a run stopped."""

from __future__ import annotations

from collections.abc import Mapping

import click

from kilter.cli.options import Options, shared_options
from kilter.values.errors import UsageError


@click.command(short_help="Train alone, or go on with a run.")
@click.argument("project", required=False)
@click.option("--resume", metavar="RUN", help="Go on with a run from its newest checkpoint, exactly.")
@click.option("--extend", metavar="RUN", help="Go on with a run until it is as long as --to says.")
@click.option("--to", metavar="LENGTH", help="The new length of the whole run: 20ep, 5000st, 90min.")
@click.option("--plan", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--runs", metavar="FOLDER", help="Where the run's folder is made; by default `runs` beside PROJECT.")
@shared_options
def train(
    *,
    project: str | None,
    resume: str | None,
    extend: str | None,
    to: str | None,
    plan: bool,
    runs: str | None,
    options: Options,
) -> None:
    """Train alone, without audit, baselines and preflight; or go on with a run, as it began or for longer.

    PROJECT is a project file, or a folder with a kilter.yaml. What it leaves open (`batch: auto`,
    `lr: auto`) is found first.
    """
    from kilter.cli.progress import make_progress
    from kilter.cli.result import finish, result, run_result, run_text
    from kilter.project.reading import read_project

    if resume is not None:
        _refuse("--resume", {"PROJECT": project, "--extend": extend, "--to": to, "--plan": plan, "--runs": runs})
        options.refuse_overrides("train --resume", "a resumed run goes on as it began; nothing can be set")
        from kilter.project.flow import resume_run

        ended = resume_run(resume, progress=make_progress(options))
        finish(options, run_result("train", ended), run_text(ended))
        return
    if extend is not None or to is not None:
        if extend is None or to is None:
            raise UsageError(
                f"--{'to' if extend is None else 'extend'} alone",
                legal="--extend RUN --to LENGTH",
                remedy="say which run, and how long it is to be in all",
            )
        _refuse("--extend", {"PROJECT": project, "--plan": plan, "--runs": runs})
        options.refuse_overrides("train --extend", "a run goes on as it began, for longer; nothing else can be set")
        from kilter.project.branching import extend as go_on

        ended = go_on(extend, to, progress=make_progress(options))
        finish(options, run_result("train", ended), run_text(ended))
        return
    read = read_project(project or "kilter.yaml", options.overrides)
    if plan:
        from kilter.cli.plan import plan_document, plan_of, plan_text

        plan_made, beside = plan_of(read)
        finish(options, result("train", plan=plan_document(plan_made, beside)), plan_text(plan_made, beside))
        return
    from kilter.project.flow import run_project

    ended = run_project(read, runs=runs, stages=("train",), progress=make_progress(options))
    finish(options, run_result("train", ended), run_text(ended))


def _refuse(asked: str, others: Mapping[str, object]) -> None:
    given = [name for name, value in others.items() if value not in {None, False}]
    if given:
        raise UsageError(
            f"{asked} with {', '.join(given)}",
            legal="a run goes on in its own folder, from its own project",
            remedy="leave the others out",
        )
