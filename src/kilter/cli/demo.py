"""`kilter demo`: the whole way, on data that an installed package brings."""

from __future__ import annotations

import click

from kilter.cli.options import Options, shared_options

DEMOS = ("names", "cancer", "diabetes", "digits", "anagrams", "transcripts")


@click.command(short_help="Go the whole way on data that is already here.")
@click.argument("name", type=click.Choice(DEMOS), default="names")
@click.option("--to", "folder", metavar="FOLDER", help="Where the project is written; by default demo/NAME.")
@shared_options
def demo(*, name: str, folder: str | None, options: Options) -> None:
    """Write a small project into a folder and run it: from files to a report.

    names: in which of 16 languages is this name? (text) · cancer: is this tumour benign?
    (table) · diabetes: how far did it go in a year? (table, an amount) · digits: which digit is
    this? (images) · anagrams: are these letters those, rearranged? (pairs, generated) ·
    transcripts: which words of a chat must be anonymised? (tags, generated)
    """
    from pathlib import Path

    from kilter.cli.progress import make_progress
    from kilter.cli.result import finish, run_result, run_text
    from kilter.project.demos.writing import write_demo
    from kilter.project.flow import run_project
    from kilter.project.reading import read_project

    path = write_demo(name, Path(folder or f"demo/{name}"))
    if not options.quiet:
        click.echo(f"project: {path}", err=True)
    run = run_project(read_project(path, options.overrides), progress=make_progress(options))
    finish(options, run_result("demo", run, project=str(path)), run_text(run))
