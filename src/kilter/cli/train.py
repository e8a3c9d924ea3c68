"""`kilter train`: the training alone, from the start or from where a run stopped."""

from __future__ import annotations

import click

from kilter.cli.options import Options, shared_options
from kilter.values.errors import UsageError


@click.command(short_help="Train alone, or go on with a run.")
@click.argument("project", required=False)
@click.option("--resume", metavar="RUN", help="Go on with a run from its newest checkpoint, exactly.")
@click.option("--plan", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--runs", metavar="FOLDER", help="Where the run's folder is made; by default `runs` beside PROJECT.")
@shared_options
def train(*, project: str | None, resume: str | None, plan: bool, runs: str | None, options: Options) -> None:
    """Train alone, without audit, baselines and preflight; or go on with a run.

    PROJECT is a project file, or a folder with a kilter.yaml.
    """
    from kilter.cli.progress import make_progress
    from kilter.cli.result import finish, result, run_result, run_text
    from kilter.project.reading import read_project

    if resume is not None:
        _refuse(project=project, plan=plan, runs=runs)
        options.refuse_overrides("train --resume", "a resumed run goes on as it began; nothing can be set")
        from kilter.project.flow import resume_run

        ended = resume_run(resume, progress=make_progress(options))
        finish(options, run_result("train", ended), run_text(ended))
        return
    read = read_project(project or "kilter.yaml", options.overrides)
    if plan:
        from kilter.cli.plan import plan_of, plan_text

        planned = plan_of(read)
        finish(options, result("train", plan=planned), plan_text(planned))
        return
    from kilter.project.flow import run_project

    ended = run_project(read, runs=runs, stages=("train",), progress=make_progress(options))
    finish(options, run_result("train", ended), run_text(ended))


def _refuse(*, project: str | None, plan: bool, runs: str | None) -> None:
    given = {"PROJECT": project is not None, "--plan": plan, "--runs": runs is not None}
    if any(given.values()):
        raise UsageError(
            f"--resume with {', '.join(name for name, there in given.items() if there)}",
            legal="a resumed run goes on in its own folder, from its own project",
            remedy="leave the others out",
        )
