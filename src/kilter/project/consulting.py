"""How often held-out rows were looked at to judge by: counted in a run's folder, and over the runs beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from kilter.project.folder import CONSULTED, ENVIRONMENT, read_json, write_json
from kilter.values.errors import KilterError


def consult(folder: Path, split: str, *, times: int = 1) -> None:
    """Count one more look at a split in a run's folder, or several.

    Raises:
        TrainingError: the disk refuses.
        DataError: what was counted before cannot be read.
    """
    counts = Counter(looks(folder))
    counts[split] += times
    write_json(folder / CONSULTED, {"looks": dict(counts)})


def looks(folder: Path) -> Mapping[str, int]:
    """Looks at each split that were counted in a run's folder; evaluations during its training are not among them.

    Raises:
        DataError: they cannot be read.
    """
    path = folder / CONSULTED
    counts = read_json(path).get("looks", {}) if path.exists() else {}
    return {str(split): int(count) for split, count in counts.items()}


def looks_beside(folder: Path, split: str) -> int:
    """Looks at the rows of a split by this run and all that lie beside it and have the same rows."""
    return sum(_looks(run).get(split, 0) for run in beside(folder, split))


def beside(folder: Path, split: str) -> Iterator[Path]:
    """This run's folder, and those next to it whose rows of a split are the same."""
    yield folder
    own = _rows(folder, split)
    for other in sorted(folder.parent.iterdir()) if own else ():
        if other != folder and other.is_dir() and _rows(other, split) == own:
            yield other


def _looks(folder: Path) -> Mapping[str, int]:
    """Looks of a run; none where another has left what cannot be read."""
    try:
        return looks(folder)
    except (KilterError, ValueError, TypeError, AttributeError):
        return {}


def _rows(folder: Path, split: str) -> str | None:
    """The fingerprint of a split's rows, as the run has written it down; None where it has not."""
    path = folder / ENVIRONMENT
    try:
        data = read_json(path).get("data") if path.is_file() else None
    except KilterError:
        return None
    return data.get(split) if isinstance(data, dict) else None
