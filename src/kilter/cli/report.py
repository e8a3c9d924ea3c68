"""`kilter report`: what may be believed of a run."""

from __future__ import annotations

import click

from kilter.cli.options import Options, shared_options


@click.command(short_help="Show a run's report, and write its page.")
@click.argument("run")
@click.option(
    "--hide-texts",
    is_flag=True,
    help="Show ids and lengths in the place of texts; `report.hide_texts` in the project file does so always.",
)
@shared_options
def report(*, run: str, hide_texts: bool, options: Options) -> None:
    """Show the report of RUN, and write its page anew from what the folder holds."""
    options.refuse_overrides("report", "a report shows what was run; nothing can be set")
    from kilter.cli.result import finish, run_result, run_text
    from kilter.project.folder import load_run
    from kilter.project.reporting import write_report
    from kilter.report.hiding import without_texts

    loaded = without_texts(load_run(run)) if hide_texts else load_run(run)
    write_report(loaded)
    finish(options, run_result("report", loaded), run_text(loaded), code=0)
