"""`kilter audit`: what the data say before anything is made of them."""

from __future__ import annotations

import click

from kilter.cli.options import Options, shared_options


@click.command(short_help="Look at the data only.")
@click.argument("project", default="kilter.yaml")
@shared_options
def audit(*, project: str, options: Options) -> None:
    """Look at the data: leaks, duplicates, contradictions, broken columns."""
    from kilter.project.reading import read_project

    read = read_project(project, options.overrides)  # faults of the file are said before torch is imported
    from kilter.cli.result import examination_result, examination_text, finish
    from kilter.project.flow import audit_project

    examination = audit_project(read)
    document = examination_result("audit", examination, read.file.gate.fail_on)
    finish(options, document, examination_text(f"audit of {read.name}", examination))
