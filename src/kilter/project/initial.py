"""A first project file, with a comment for each guess."""

from __future__ import annotations

import json
import os
import re
import textwrap
from collections.abc import Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from kilter.data.plain_text import PLAIN_TEXT
from kilter.data.reading import ending_of
from kilter.project.guess import Guess
from kilter.project.located import read_scalar
from kilter.project.overrides import read_overrides
from kilter.project.reading import parse_project
from kilter.project.reason import Reason
from kilter.values.errors import RecipeError

WIDTH: Final = 100
EVEN: Final = ("classification", "regression")  # whose held-out rows are drawn in proportion to the target
MOST_NOTES: Final = 8  # of what was noticed while files were read
MANY: Final = 40  # inputs from which on a list of them helps nobody

_TAIL: Final = """\
# Everything below has a default that follows from the data; `kilter train --plan` shows all of it.
# Take the # off a line to decide it yourself.

# model: auto # its name, such as lstm, transformer or cnn; or your own as package.module:callable
# batch:
#   size: 64 # or auto: found before the training, as is the rate; `kilter find` finds them alone
# optimizer:
#   name: adamw # or sgd
#   learning_rate: 1e-3 # or auto
# train:
#   length: 10ep # or 5000st, 20min
#   seed: 0
# stop:
#   patience: 5 # evaluations without improvement
# baselines: auto
# expect: # written down before the run, held to its intervals afterwards
#   gap: "< 0.05" # by how much the score may be better on training rows; or a score by its name
#   because: the rows are many
# gate:
#   fail_on: failure # the mildest finding that stops the way: failure, warning or off
"""


def compose_project(guess: Guess, *, folder: Path, overrides: Iterable[str] = ()) -> str:
    """The text of a commented project file that stands in `folder`.

    Args:
        guess: what is known of the data.
        folder: where the file will stand; paths in it are relative to that.
        overrides: `key.sub=value`, written into the file.

    Raises:
        RecipeError: overrides that no project file may hold.
    """
    text = "\n".join(_lines(guess, folder)) + "\n\n" + _TAIL
    overrides = tuple(overrides)
    if overrides:
        text = _with(text, overrides)
        parse_project(text, path=folder / "kilter.yaml")
    return text


def _lines(guess: Guess, folder: Path) -> Iterator[str]:
    about = {reason.about: reason for reason in guess.reasons}
    yield "# Written by `kilter init`; `kilter run` goes the whole way from here to a report."
    yield ""
    yield from _comment(_guessed(about["task"]))
    yield f"task: {guess.task}"
    yield ""
    yield "data:"
    for note in guess.notes[:MOST_NOTES]:
        yield from _comment(f"{note}.", "  ")
    if len(guess.notes) > MOST_NOTES:
        yield f"  # {len(guess.notes) - MOST_NOTES} more notes: `kilter audit` says them all."
    for split, path in guess.files.items():
        yield f"  {split}: {_word(_relative(path, folder))} # {guess.described[split]}"
    if not {"valid", "test"} <= set(guess.files):
        yield f"  # split: {{valid: 0.1, test: 0.1}} # put aside from train{_put_aside(guess)}"
        if "split" in about:
            yield from _comment(_sentence(about["split"].why) + " " + about["split"].otherwise, "  ")
    yield ""
    yield from _comment(_guessed(about["target"]), "  ")
    names = [_word(name) for name in guess.target]
    yield f"  target: {names[0] if len(names) == 1 else '[' + ', '.join(names) + ']'}"
    yield ""
    if len(guess.inputs) <= MANY:
        yield "  inputs: # text, number, category, image or tokens"
        yield from (f"    {_word(name)}: {kind}" for name, kind in guess.inputs.items())
    else:
        yield f"  # inputs: all {len(guess.inputs)} other columns, each of the kind that it looks like"
    if guess.ignore:
        yield from _comment(_guessed(about["left out"]), "  ")
        yield f"  ignore: [{', '.join(_word(name) for name in guess.ignore)}]"


def _put_aside(guess: Guess) -> str:
    """Which rows are put aside where nothing is said: the end of a text, as many of each class or amount, or any."""
    if ending_of(guess.files["train"]) in PLAIN_TEXT:
        return ": its end"
    even = len(guess.target) == 1 and guess.task in EVEN
    return ", in proportion to the target" if even else ", at random"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def _comment(text: str, indent: str = "") -> Iterator[str]:
    lines = textwrap.wrap(" ".join(text.split()), WIDTH - len(indent) - 2, break_long_words=False)
    yield from (f"{indent}# {line}" for line in lines)


def _guessed(reason: Reason) -> str:
    return f"Guessed, since {reason.why}. {reason.otherwise}"


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def _word(text: str) -> str:
    """Text as YAML that reads back as the same text, in quotes where it must be."""
    plain = re.fullmatch(r"[A-Za-z_./][\w./-]*( [\w./-]+)*", text, re.ASCII) is not None
    return text if plain and read_scalar(text) == text else json.dumps(text, ensure_ascii=False)


def _with(text: str, overrides: Iterable[str]) -> str:
    """The text with more keys set; its comments stay."""
    said, faults = read_overrides(overrides)
    if faults:
        raise RecipeError(f"{len(faults)} fault{'s' * (len(faults) != 1)} in what was set", faults=faults)
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 1000
    data: Any = yaml.load(text)
    for override in said:
        place = data
        for parent in override.path[:-1]:
            inner = place.get(parent)
            if isinstance(inner, str):
                inner = {"name": inner}
            place[parent] = {} if inner is None else inner
            place = place[parent]
        place[override.path[-1]] = override.value
    stream = StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()
