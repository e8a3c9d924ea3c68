"""`kilter run`: the whole way, from files to a report."""

from __future__ import annotations

import click

from kilter.cli.options import Options, shared_options


@click.command(short_help="Go the whole way: audit to report.")
@click.argument("project", default="kilter.yaml")
@click.option("--runs", metavar="FOLDER", help="Where the run's folder is made; by default `runs` beside PROJECT.")
@shared_options
def run(*, project: str, runs: str | None, options: Options) -> None:
    """Go the whole way: audit, baselines, preflight, train, evaluate, report.

    PROJECT is a project file, or a folder with a kilter.yaml. Where it leaves the batch size or the
    learning rate open (`batch: auto`, `lr: auto`), they are found before the training. A finding of severity failure
    stops the way; --gate off goes on.
    """
    from kilter.project.reading import read_project

    read = read_project(project, options.overrides)  # faults of the file are said before torch is imported
    from kilter.cli.progress import make_progress
    from kilter.cli.result import finish, run_result, run_text
    from kilter.project.flow import run_project

    ended = run_project(read, runs=runs, progress=make_progress(options))
    finish(options, run_result("run", ended), run_text(ended))
