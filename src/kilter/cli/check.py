"""`kilter check`: is the pipeline right, before compute is spent?"""

from __future__ import annotations

import click

from kilter.cli.options import Options, shared_options


@click.command(short_help="Probe the pipeline before a long run.")
@click.argument("project", default="kilter.yaml")
@shared_options
def check(*, project: str, options: Options) -> None:
    """Question the pipeline before compute is spent: losses, gradients, inputs."""
    from kilter.project.reading import read_project

    read = read_project(project, options.overrides)  # faults of the file are said before torch is imported
    from kilter.cli.result import examination_result, examination_text, finish
    from kilter.project.flow import check_project

    examination = check_project(read)
    document = examination_result("check", examination, read.file.gate.fail_on)
    finish(options, document, examination_text(f"preflight of {read.name}", examination))
