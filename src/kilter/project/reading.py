"""Reading a project file: everything that is wrong with it at once, each fault with its line and column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, final

from kilter.project.located import Located, read_yaml
from kilter.project.overrides import Override, lay_over, read_overrides
from kilter.project.schema import SECTIONS, ProjectFile
from kilter.project.sought import BATCH_SIZE, SOUGHT, take_out, without
from kilter.values.errors import Fault, RecipeError, UsageError
from kilter.values.recipe import Recipe
from kilter.values.validation import PathFault, validate

FILE_NAME: Final = "kilter.yaml"
_REMEDIES: Final = {
    "data": "`kilter init FILES` writes a project file for your data",
    "data.train": "name the file to learn from",
    "data.target": "name the column to learn",
    "task": "say `task: classification` or `task: regression`",
}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project file that was read and is legal, with what was said on the command line.

    Attributes:
        path: the file.
        file: what it says, defaults where it says nothing.
        given: the sections of the recipe as far as file and command line say something.
        located: its text as data, and where each key stands.
        overrides: what was said on the command line.
        sought: dotted paths of numbers that are left to be found (`auto`), in the order of finding; `file` has the
            default there.
    """

    path: Path
    file: ProjectFile
    given: Mapping[str, Any]
    located: Located
    text: str
    overrides: tuple[Override, ...] = ()
    sought: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """What paths in the file are relative to."""
        return self.path.parent

    @property
    def name(self) -> str:
        """What the file calls the project, or else its folder's name."""
        return self.file.name or self.path.resolve().parent.name or "project"

    def says(self, dotted: str) -> bool:
        """Whether file or command line say something about a key."""
        return _says(self.located.data, dotted) or any(override.dotted == dotted for override in self.overrides)

    def fault(self, dotted: str | tuple[str | int, ...], *, met: str, legal: str = "", remedy: str = "") -> Fault:
        """A fault of the value at a dotted path, or at keys, with its place in the file or on the command line."""
        path: list[str | int] = list(dotted.split(".") if isinstance(dotted, str) else dotted)
        if str(path[-1]).isdigit() and (*path[:-1], int(path[-1])) in self.located.places:  # an item of a list
            path[-1] = int(path[-1])
        return Fault(where=_where(self.located, self.overrides, tuple(path)), met=met, legal=legal, remedy=remedy)

    def placed(self, error: RecipeError) -> RecipeError:
        """An error of the recipe, its faults with their places; a fault begins with the path that it is about."""
        faults = error.faults or (error.summary,)
        return self.error(
            fault if fault.where else self.fault(_path_in(fault), met=fault.met, legal=fault.legal, remedy=fault.remedy)
            for fault in faults
        )

    def error(self, faults: Iterable[Fault]) -> RecipeError:
        """One error of these faults."""
        return _error(self.located.name, faults)

    def __repr__(self) -> str:
        return f"Project({self.name!r}: {self.file.task} of {', '.join(self.file.data.target)!r}, {str(self.path)!r})"


def read_project(path: str | Path, overrides: Iterable[str] = ()) -> Project:
    """Read a project file, or the `kilter.yaml` of a folder, and lay overrides (`key.sub=value`) over it.

    Raises:
        UsageError: there is no such file.
        RecipeError: all that is wrong with the file and the overrides.
    """
    path = Path(path)
    path = path / FILE_NAME if path.is_dir() else path
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        fault = Fault(where=path.name, met=f"byte {error.start} is no UTF-8", legal="a project file is text in UTF-8")
        raise RecipeError(f"1 fault in {path.name}", faults=[fault]) from None
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror or error}",
            legal="a project file (YAML) or a folder with a kilter.yaml",
            remedy="`kilter init FILES` writes one for your data",
        ) from None
    return parse_project(text, path=path, overrides=overrides)


def project_given(given: str | Path | Project, overrides: Iterable[str] = ()) -> Project:
    """A project that was read, or is read now.

    Raises:
        UsageError: overrides of a project that was read already, where they decide nothing.
        RecipeError: what `read_project` raises.
    """
    if not isinstance(given, Project):
        return read_project(given, overrides)
    if tuple(overrides):
        raise UsageError("overrides of a project that was read already", remedy="give them to read_project")
    return given


def parse_project(text: str, *, path: Path, overrides: Iterable[str] = ()) -> Project:
    """A project from the text of its file; `path` says what files in it are relative to.

    Raises:
        RecipeError: all that is wrong.
    """
    return project_of(read_yaml(text, path.name), path=path, text=text, overrides=overrides)


def project_of(located: Located, *, path: Path, text: str, overrides: Iterable[str]) -> Project:
    """A project from data with their places.

    Raises:
        RecipeError: all that is wrong.
    """
    laid, faults = read_overrides(overrides)
    problems = [*located.faults, *faults]
    if located.data is None and not located.faults:
        problems.append(Fault(where=located.name, met="the file is empty", remedy=_REMEDIES["data"]))
    elif not isinstance(located.data, dict | None):
        first = f"{located.name}:1:1"
        problems.append(Fault(where=first, met="a list or a word", legal="the file is `key: value` lines"))
    if not isinstance(located.data, dict):
        raise _error(located.name, problems)
    parted = take_out(_without_empty_sections(located.data))
    problems += [replace(fault, where=located.where(path)) for path, fault in parted.faults]
    sought = _left_open(parted.paths, laid)
    data, faults = lay_over(without(parted.data, sought), [each for each in laid if not each.leaves_open])
    problems += faults
    file = validate(ProjectFile, data)
    if isinstance(file, tuple):
        problems += [_placed(fault, located, laid) for fault in file]
    if problems or isinstance(file, tuple):
        raise _error(located.name, problems)
    given = {name: data[name] for name in Recipe.model_fields if name in data}
    return Project(path=path, file=file, given=given, located=located, text=text, overrides=laid, sought=sought)


def with_values(project: Project, values: Mapping[str, object]) -> Project:
    """A project with values laid over it at dotted paths, in place of what was laid over these before.

    Raises:
        RecipeError: values that are not legal there.
    """
    renamed = {path.split(".", maxsplit=1)[0] for path in values if path.endswith(".name")}
    kept = [each.said for each in project.overrides if each.dotted not in values and each.path[0] not in renamed]
    said = [f"{path}={'null' if value is None else value}" for path, value in values.items()]
    return parse_project(project.text, path=project.path, overrides=(*kept, *said))


def _left_open(in_file: Iterable[str], overrides: Iterable[Override]) -> tuple[str, ...]:
    """What is to be found when overrides are laid over: a number decides, and so does the last word of somebody."""
    laid = {override.dotted: override for override in overrides}
    if "batch.tokens" in laid:
        in_file = [path for path in in_file if path != BATCH_SIZE]
    found = {path for path in in_file if path not in laid} | {path for path, each in laid.items() if each.leaves_open}
    return tuple(path for path in SOUGHT if path in found)


def _without_empty_sections(data: Mapping[str, object]) -> dict[str, object]:
    """A section whose keys are all commented out says nothing; it is no null."""
    return {key: value for key, value in data.items() if value is not None or key not in SECTIONS}


def _placed(fault: PathFault, located: Located, overrides: Iterable[Override]) -> Fault:
    where = _where(located, overrides, fault.path)
    return Fault(where=where, met=fault.met, legal=fault.legal, remedy=_REMEDIES.get(fault.dotted, ""))


def _where(located: Located, overrides: Iterable[Override], path: tuple[str | int, ...]) -> str:
    for override in overrides:
        if path[: len(override.path)] == override.path:
            return f"--set {override.said}"
    return located.where(path)


def _path_in(fault: Fault) -> str:
    return re.split(r"[\s:=]", fault.met, maxsplit=1)[0].rstrip(",.;")


def _says(data: object, dotted: str) -> bool:
    for part in dotted.split("."):
        if not isinstance(data, Mapping) or part not in data:
            return False
        data = data[part]
    return True


def _error(name: str, faults: Iterable[Fault]) -> RecipeError:
    ordered = sorted(faults, key=_reading_order)
    return RecipeError(f"{len(ordered)} fault{'s' * (len(ordered) != 1)} in {name}", faults=ordered)


def _reading_order(fault: Fault) -> tuple[int, int, int]:
    """By line and column; what has no place in the file comes last."""
    place = [int(part) for part in fault.where.split(":")[1:] if part.isdigit()]
    if fault.where.startswith("--set") or not place:
        return (1, 0, 0)
    return (0, place[0], place[1] if len(place) > 1 else 0)
