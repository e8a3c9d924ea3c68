"""`kilter evaluate`: score a run's model again."""

from __future__ import annotations

import click

from kilter.cli.options import Options, shared_options


@click.command(short_help="Score a run again, beside the baselines.")
@click.argument("run")
@shared_options
def evaluate(*, run: str, options: Options) -> None:
    """Score the best weights of RUN beside the baselines, and write its report anew."""
    options.refuse_overrides("evaluate", "a run is judged as it was set up; nothing can be set")
    from kilter.cli.progress import make_progress
    from kilter.cli.result import finish, run_result, run_text
    from kilter.project.flow import evaluate_run

    ended = evaluate_run(run, progress=make_progress(options))
    finish(options, run_result("evaluate", ended), run_text(ended))
