"""Which file is which split, by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from kilter.data.image_files import has_images
from kilter.data.plain_text import PLAIN_TEXT
from kilter.data.reading import LEGAL, READERS, ending_of
from kilter.values.errors import UsageError
from kilter.values.frozen_map import FrozenMap

SPLIT_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "train": ("train", "training", "trn"),
    "valid": ("valid", "validation", "val", "dev", "development"),
    "test": ("test", "testing", "tst", "heldout", "holdout", "eval"),
}
ABOUT: Final = ("readme", "license", "licence", "copying", "notice", "citation", "requirements", "changelog", "notes")
"""Names of text files that say something about the data and hold none."""


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
    valid, validation, val or dev; test. A folder of class folders of images stands for a file.

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
    if not path.exists():
        raise UsageError(f"{path} does not exist", legal="files or folders that are there", remedy="check the path")
    if not path.is_dir():
        return [path]
    inner = [entry for entry in sorted(path.iterdir()) if not entry.name.startswith(".")]
    splits = [entry for entry in inner if entry.is_dir() and split_of(entry) is not None and has_images(entry)]
    if splits:
        return splits
    if has_images(path):
        return [path]
    files = [file for file in inner if _is_data(file)]
    texts = [file for file in files if ending_of(file) in PLAIN_TEXT and split_of(file) is None]
    if 0 < len(texts) < len(files):  # a text beside data that are no text is about them
        files = [file for file in files if file not in texts]
    if not files:
        raise UsageError(f"{path} has no data files", legal=f"{LEGAL} are read", remedy="name the files")
    return files


def _is_data(file: Path) -> bool:
    if not file.is_file() or ending_of(file) not in READERS:
        return False
    return not (ending_of(file) in PLAIN_TEXT and file.name.lower().split(".")[0] in ABOUT)
