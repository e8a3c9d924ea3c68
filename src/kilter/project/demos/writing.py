"""Demonstrations: small projects on data that an installed package brings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from kilter.project.demos import cancer, diabetes, digits, names
from kilter.project.folder import write_text
from kilter.project.reading import FILE_NAME
from kilter.values.errors import UsageError
from kilter.values.validation import nearest


class Demo(NamedTuple):
    """The text of a project file, and what writes its data beside it."""

    project: str
    write_data: Callable[[Path], None]


DEMOS: Final[Mapping[str, Demo]] = MappingProxyType(
    {
        "names": Demo(names.PROJECT, names.write_data),
        "cancer": Demo(cancer.PROJECT, cancer.write_data),
        "diabetes": Demo(diabetes.PROJECT, diabetes.write_data),
        "digits": Demo(digits.PROJECT, digits.write_data),
    }
)


def write_demo(name: str, folder: Path) -> Path:
    """Write a demonstration's data and project file into a folder, and say where the project file is.

    Raises:
        UsageError: nobody knows that demonstration, or the folder cannot be written.
    """
    if name not in DEMOS:
        raise UsageError(f"demo {name!r}", legal=nearest(name, DEMOS))
    demo = DEMOS[name]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        demo.write_data(folder)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror or error}", remedy="name another folder by --to"
        ) from error
    write_text(folder / FILE_NAME, demo.project)
    return folder / FILE_NAME
