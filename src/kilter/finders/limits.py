"""What the system leaves a process of memory: limits of control groups, of the process, and of the machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from kilter.values.batch_suggestion import Counted

_UNLIMITED: Final = 2**60
"""Version 1 of control groups says "no limit" by a number near 2^63."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit of memory, and what is left of it.

    Attributes:
        left: bytes that may still be taken.
        counts: what counts against it.
        source: where it stands, in words.
        shared: whether other processes take of it, too.
    """

    left: int
    counts: Counted
    source: str
    shared: bool


def limits(root: Path = Path("/")) -> tuple[Limit, ...]:
    """All limits that hold for this process.

    Args:
        root: of the file system that tells them.
    """
    return (*_of_groups(root), *_of_process(root), *_of_machine(root))


def shared_room(root: Path = Path("/")) -> int | None:
    """Bytes that are left of what several processes share; None where the system does not tell."""
    return min((limit.left for limit in limits(root) if limit.shared), default=None)


def _of_groups(root: Path) -> Iterator[Limit]:
    """Memory limits of control groups, version 1 and 2, from the process's own up to the uppermost that is seen."""
    own = _groups(root)
    for kind, options, mounted, place in _mounts(root):
        if kind == "cgroup2" and "" in own:
            names = ("memory.max", "memory.current", "inactive_file")
            folders = _upwards(place, _below(own[""], mounted))
        elif kind == "cgroup" and "memory" in options and "memory" in own:
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            folders = _upwards(place, _below(own["memory"], mounted))
        else:
            continue
        for folder in folders:
            most, used = _number(folder / names[0]), _number(folder / names[1])
            if most is None or used is None or most >= _UNLIMITED:
                continue
            cached = _table(folder / "memory.stat").get(names[2], 0)  # given up when memory gets scarce
            yield Limit(
                left=max(0, most - used + cached),
                counts=Counted.RESIDENT,
                source=f"the control group's {names[0]}",
                shared=True,
            )


def _of_process(root: Path) -> Iterator[Limit]:
    """What `ulimit` sets. Linux holds nobody to a resident limit, but batch systems mean what they set."""
    named = {
        "Max address space": (Counted.ADDRESSES, "VmSize"),
        "Max data size": (Counted.DATA, "VmData"),
        "Max resident set": (Counted.RESIDENT, "VmRSS"),
    }
    used = _table(root / "proc/self/status")
    for line in _lines(root / "proc/self/limits"):
        for name, (counts, kind) in named.items():
            soft = line.removeprefix(name).split()[:1] if line.startswith(name) else []
            if soft and soft[0].isdigit():
                left = int(soft[0]) - 1024 * used.get(kind, 0)
                yield Limit(left=max(0, left), counts=counts, source=f"the process's limit of {counts}", shared=False)


def _of_machine(root: Path) -> Iterator[Limit]:
    free = _table(root / "proc/meminfo").get("MemAvailable")
    if free is not None:
        yield Limit(left=1024 * free, counts=Counted.RESIDENT, source="the machine's free memory", shared=True)


def _groups(root: Path) -> dict[str, str]:
    """The control group of this process by controller; that of version 2 by the empty name."""
    found: dict[str, str] = {}
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", maxsplit=2)
        found |= dict.fromkeys(controllers.split(","), path)
    return found


def _mounts(root: Path) -> Iterator[tuple[str, list[str], str, Path]]:
    """Kind, options, what is mounted and where, of each mount."""
    for line in _lines(root / "proc/self/mountinfo"):
        before, _, after = line.partition(" - ")
        words, (kind, _, options) = before.split(), after.split(maxsplit=2)
        yield kind, options.split(","), words[3], root / words[4].lstrip("/")


def _below(group: str, mounted: str) -> str:
    """A group's path below what is mounted; a container sees its own group as the root, or a path outside."""
    inside = group == mounted or group.startswith(mounted.rstrip("/") + "/")
    return group[len(mounted.rstrip("/")) :] if inside else group


def _upwards(place: Path, path: str) -> Iterator[Path]:
    folder = place / path.lstrip("/")
    if not folder.is_dir():
        folder = place
    while True:
        yield folder
        if folder == place or place not in folder.parents:
            return
        folder = folder.parent


def _number(path: Path) -> int | None:
    word = "".join(_lines(path)[:1]).strip()
    return int(word) if word.isdigit() else None


def _table(path: Path) -> dict[str, int]:
    """First and second word of each line, where the second is a number."""
    parted = (line.replace(":", " ").split() for line in _lines(path))
    return {words[0]: int(words[1]) for words in parted if len(words) > 1 and words[1].isdigit()}


def _lines(path: Path) -> list[str]:
    with suppress(OSError):
        return path.read_text("utf-8", errors="replace").splitlines()
    return []
