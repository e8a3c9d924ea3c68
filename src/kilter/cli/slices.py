"""`kilter slices`: on which kinds of examples a run's model does worse."""

from __future__ import annotations

import click

from kilter.cli.options import Options, shared_options


@click.command(short_help="Find the kinds of examples that go worse.")
@click.argument("run")
@click.option("--by", multiple=True, metavar="COLUMN", help="Part the rows by a column of the data; repeat it.")
@click.option("--token", multiple=True, metavar="WORD", help="Judge apart the rows that have a word; repeat it.")
@click.option("--minimum", type=click.IntRange(min=1), default=20, show_default=True, help="Examples in a slice.")
@click.option("--split", default="test", show_default=True, help="The split whose predictions are parted.")
@shared_options
def slices(
    *, run: str, by: tuple[str, ...], token: tuple[str, ...], minimum: int, split: str, options: Options
) -> None:
    """Tell on which kinds of examples the model of RUN does worse than elsewhere.

    Without --by and --token they are searched for, and only those that are surely worse are told;
    else all that are asked for. p-values are corrected for all kinds that were looked at. Nothing
    is predicted anew; each look at a held-out split is counted in the run's folder.
    """
    options.refuse_overrides("slices", "a run is looked at as it is; nothing can be set")
    from kilter.cli.result import finish, paper, result
    from kilter.project.folder import load_run
    from kilter.project.slicing import find_slices
    from kilter.report.hiding import hide_in_slice, hides_texts
    from kilter.report.slices import slice_grid
    from kilter.values.document import Document, Paragraph
    from kilter.values.json_form import to_json

    loaded = load_run(run)
    found = find_slices(loaded, by=by, tokens=token, split=split, minimum=minimum)
    if hides_texts(loaded.config):
        found = tuple(map(hide_in_slice, found))
    document = result("slices", run=loaded.path, split=split, slices=to_json(found))
    asked = by or token
    none = (
        f"no kind of {minimum} examples or more" if asked else "no kind of examples that is surely worse than the rest"
    )
    block = slice_grid(found, split) if found else Paragraph(text=f"There is {none} among those of {split}.")
    finish(options, document, paper(Document(title=f"slices of {loaded.name}", blocks=(block,))))
