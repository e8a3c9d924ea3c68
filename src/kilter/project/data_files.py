"""Which file is which split, by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from kilter.data.reading import DELIMITED, JSON_LINES, LEGAL
from kilter.values.errors import UsageError
from kilter.values.frozen_map import FrozenMap

SPLIT_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "train": ("train", "training", "trn"),
    "valid": ("valid", "validation", "val", "dev", "development"),
    "test": ("test", "testing", "tst", "heldout", "holdout", "eval"),
}
_ENDINGS: Final = (*DELIMITED, *JSON_LINES, ".parquet", ".npz")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """A file for each split that was found, `train` at least, and how it was told."""

    splits: Mapping[str, Path]
    why: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "splits", FrozenMap(self.splits))


def find_files(paths: str | Path | Iterable[str | Path]) -> Files:
    """Tell the splits apart.

    One file is all there is. Several files, or those of a folder, are told by a word in their names: train;
    valid, validation, val or dev; test.

    Raises:
        UsageError: there is no such file, a file's part cannot be told, or two would be the same split.
    """
    given = [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]
    files = [file for path in given for file in _files_of(path)]
    if not files:
        raise UsageError("no files were given", legal=f"files or a folder of them; {LEGAL} are read")
    if len(files) == 1:
        return Files(splits={"train": files[0]}, why="it is the only file")
    splits: dict[str, Path] = {}
    unknown: list[Path] = []
    for file in files:
        split = split_of(file)
        if split is None:
            unknown.append(file)
        elif split in splits:
            raise UsageError(
                f"{splits[split].name} and {file.name} both look like {split}",
                legal="one file a split",
                remedy="name one",
            )
        else:
            splits[split] = file
    folder = any(path.is_dir() for path in given)
    if (unknown and not folder) or "train" not in splits:
        names = ", ".join(file.name for file in unknown or files)
        raise UsageError(
            f"nobody can tell which split {names} is",
            legal="names with train, valid (or dev) and test in them, or one file",
            remedy="name one file, and set `data.valid` and `data.test` in the project file",
        )
    aside = f"; {', '.join(file.name for file in unknown)} left aside" if unknown else ""
    ordered = {split: splits[split] for split in SPLIT_NAMES if split in splits}
    return Files(splits=ordered, why=f"their names say so{aside}")


def split_of(file: Path) -> str | None:
    """The split that a file's name says it is.

    >>> split_of(Path("reviews-dev.jsonl.gz")), split_of(Path("trainers.csv"))
    ('valid', None)
    """
    words = set(re.split(r"[^a-z0-9]+", file.name.lower().split(".")[0]))
    return next((split for split, names in SPLIT_NAMES.items() if words & set(names)), None)


def _files_of(path: Path) -> list[Path]:
    if path.is_dir():
        files = [file for file in sorted(path.iterdir()) if _is_data(file)]
        if not files:
            raise UsageError(f"{path} has no data files", legal=f"{LEGAL} are read", remedy="name the files")
        return files
    if not path.exists():
        raise UsageError(f"{path} does not exist", legal="files or folders that are there", remedy="check the path")
    return [path]


def _is_data(file: Path) -> bool:
    name = file.name.lower().removesuffix(".gz")
    return file.is_file() and not file.name.startswith(".") and name.endswith(_ENDINGS)
