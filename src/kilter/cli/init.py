"""`kilter init`: a first project file, guessed from the data."""

from __future__ import annotations

import click

from kilter.cli.options import Options, shared_options


@click.command(short_help="Guess what the files hold and draft a project file.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--to", "target_file", default="kilter.yaml", show_default=True, help="The project file to write.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@shared_options
def init(*, paths: tuple[str, ...], target_file: str, force: bool, options: Options) -> None:
    """Look at files, or a folder of train, valid and test files; guess task and columns.

    The guess is said with its reasons, and written to a commented kilter.yaml. To overrule it:
    --set task=regression, --set data.target=COLUMN (or COLUMN,COLUMN), or any other key of the file.
    """
    from pathlib import Path

    from kilter.cli.result import finish, result
    from kilter.project.folder import write_text
    from kilter.project.guess import guess
    from kilter.project.initial import compose_project
    from kilter.project.overrides import read_overrides
    from kilter.values.errors import UsageError

    path = Path(target_file)
    if path.exists() and not force:
        raise UsageError(
            f"{path} is there already", legal="it is not overwritten", remedy="name another by --to, or say --force"
        )
    said = {override.dotted: override.value for override in read_overrides(options.overrides)[0]}
    target = said.get("data.target")
    guessed = guess(
        paths,
        target=[str(name) for name in target] if isinstance(target, list) else _word(target),
        task=_word(said.get("task")),
        encoding=_word(said.get("data.encoding")),
        separator=_word(said.get("data.separator")),
        decimal=_word(said.get("data.decimal")),
    )
    others = [text for text in options.overrides if text.partition("=")[0].strip() not in {"data.target", "task"}]
    write_text(path, compose_project(guessed, folder=path.parent, overrides=others))
    reasons = [
        {"about": reason.about, "taken": reason.taken, "why": reason.why, "otherwise": reason.otherwise}
        for reason in guessed.reasons
    ]
    document = result("init", wrote=str(path), guess=reasons, notes=list(guessed.notes))
    lines = [
        f"{'':2}{reason.about}: {reason.taken}\n{'':4}since {reason.why}\n{'':4}{reason.otherwise}"
        for reason in guessed.reasons
    ]
    noted = ["noted:", *(f"  {note}" for note in guessed.notes)] if guessed.notes else []
    text = "\n".join(["guessed:", *lines, *noted, f"wrote {path}; go on with: kilter run {path}"])
    finish(options, document, text)


def _word(value: object) -> str | None:
    return None if value is None else str(value)
