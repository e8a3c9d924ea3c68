"""The sets that `auto.py` trains on."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

SETS: Final = MappingProxyType(
    {
        "sst2": None,
        "banking77": None,
        "adult": None,
        "california_housing": None,
        "tweet_emotion": None,
        "sick": None,
        "mnist10k": 1500,
        "restaurants8k": 2000,
        "cifar10_small": 1000,
    }
)
"""Sets, and the training rows that are drawn where all of them would leave but a few epochs."""


def prepare(source: Path, folder: Path, *, rows: int | None) -> None:
    """A set with the rows that it gets, and its project file."""
    folder.mkdir(parents=True)
    files = {}
    for path in sorted(source.iterdir()):
        if path.stem in {"train", "dev", "test"}:
            files[path.stem] = folder / path.name
            shutil.copyfile(path, folder / path.name)
    if rows is not None:
        _lessen(files["train"], rows)
    command = [sys.executable, "-m", "kilter", "init", *(files[part].name for part in ("train", "dev", "test"))]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def _lessen(path: Path, rows: int) -> None:
    """So many rows of a file, drawn once and for all, in their order."""

    def drawn(count: int) -> list[int]:
        return sorted(np.random.default_rng(0).permutation(count)[:rows].tolist())

    if path.suffix == ".npz":
        with np.load(path) as arrays:
            kept = drawn(len(next(iter(arrays.values()))))
            fewer = {name: array[kept] for name, array in arrays.items()}
        np.savez(path, **fewer)
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            contents = {names[at]: archive.read(names[at]) for at in drawn(len(names))}
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in contents.items():
                archive.writestr(name, content)
    else:
        sentences = [part for part in path.read_text("utf-8").split("\n\n") if part.strip()]
        path.write_text("\n\n".join(sentences[at].strip("\n") for at in drawn(len(sentences))) + "\n", "utf-8")
