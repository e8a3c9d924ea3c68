"""A person's own training, from their Python file: `train.py:name`."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from kilter.values.errors import UsageError
from kilter.values.pipeline import Pipeline
from kilter.values.program import Program
from kilter.values.validation import nearest

_FORM: Final = re.compile(r"(?P<file>.+\.py)(?::(?P<name>\w+))?")

LEGAL: Final = "a Program (of kilter.Pipeline.from_loop), a function that returns one, or a function make(seed)"


def is_own_program(text: str) -> bool:
    """Whether somebody names a Python file, with or without a name in it.

    >>> is_own_program("train.py:program"), is_own_program("kilter.yaml")
    (True, False)
    """
    return _FORM.fullmatch(text) is not None


def read_own_program(text: str) -> Program | Pipeline:
    """What a person's file has under a name; the file is run as an import runs it.

    Args:
        text: `train.py:name`. The name is that of a Program or a Pipeline, of a function that takes nothing and
            returns one, or of a function `make(seed)`, which gets the plain step.

    Raises:
        UsageError: there is no such file or name, the file raises an error, or the name is that of something else.
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise UsageError(f"{text!r}", legal="a Python file and a name in it", remedy="say it as train.py:program")
    path, name = Path(form["file"]), form["name"]
    if not path.is_file():
        raise UsageError(f"{path}: no such file", legal="a Python file and a name in it, as train.py:program")
    module = _imported(path)
    own = [key for key, value in vars(module).items() if _may_be(value, module)]
    if name is None:
        raise UsageError(
            f"{path} without a name",
            legal=f"a name in it: {LEGAL}",
            remedy=f"say {path}:{own[0]}" if own else "define one of these in it",
        )
    if not hasattr(module, name):
        raise UsageError(
            f"{path} has no {name!r}", legal=LEGAL, remedy=nearest(name, own) if own else "define one of these in it"
        )
    return _program_of(getattr(module, name), f"{path}:{name}", folder=path.parent)


def _program_of(found: Any, text: str, *, folder: Path) -> Program | Pipeline:
    if isinstance(found, Program | Pipeline):
        return found
    if not callable(found) or isinstance(found, type):
        raise UsageError(f"{text} is a {type(found).__name__}", legal=LEGAL)
    parameters = inspect.signature(found).parameters.values()
    if any(p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        return Pipeline.from_loop(found)
    with _at_home(folder, text):
        given = found()
    if isinstance(given, Program | Pipeline):
        return given
    if isinstance(given, tuple | list) and len(given) == 5:
        raise UsageError(
            f"{text} takes no seed and returns five things",
            legal="a function make(seed) that returns (model, optimizer, loss_fn, train_loader, valid_loader)",
            remedy="let it take the seed",
        )
    raise UsageError(f"{text}() returned a {type(given).__name__}", legal=LEGAL)


def _may_be(value: Any, module: ModuleType) -> bool:
    if isinstance(value, Program | Pipeline):
        return True
    return inspect.isfunction(value) and value.__module__ == module.__name__ and not value.__name__.startswith("_")


def _imported(path: Path) -> ModuleType:
    spec = spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} cannot be imported", legal="a Python file")
    module = module_from_spec(spec)
    sys.modules[path.stem] = module  # data classes and workers of loaders look it up
    with _at_home(path.parent, str(path)):
        spec.loader.exec_module(module)
    return module


@contextmanager
def _at_home(folder: Path, what: str) -> Iterator[None]:
    """Inside, imports find the files beside the person's own; they stay findable, since code imports late, too."""
    home = str(folder.resolve())
    if home not in sys.path:
        sys.path.insert(0, home)
    try:
        yield
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"{what} raised {type(error).__name__}: {error}",
            legal="a file that can be imported, and a function that can be called",
            remedy="keep what trains below `if __name__ == '__main__':`, and run the file by itself to see the trace",
        ) from error
