"""Reading TensorBoard folders: which event files are one training, and which folders are one run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, final

from kilter.logs.event_file import EventFile, read_event_file
from kilter.logs.points import history_of
from kilter.values.errors import DataError
from kilter.values.log import Log

_LEGAL: Final = "a folder with TensorBoard's event files (events.out.tfevents.*) in it or below it, or one such file"
_TRAIN_FOLDERS: Final = frozenset({"train", "training"})
_SPLIT_FOLDERS: Final = _TRAIN_FOLDERS | {"validation", "valid", "val", "dev", "eval", "test"}


@final
@dataclass(slots=True)
class _Training:
    """One training of a folder, growing as its files are read."""

    points: dict[str, list[tuple[int, float]]]
    notes: list[str]


def read_tensorboard(path: Path) -> tuple[Log, ...]:
    """The runs of a TensorBoard folder (each folder with event files in it is one), under the tags of the log.

    Files of one folder are one training, a later one taking the place of earlier ones from its first step on, as after
    a resume; one that begins where the first began is a training of its own. Subfolders that belong to a run are read
    as its curves: those of torch's `add_scalars("loss", {"train": ...})` as `loss/train`, and `train` beside
    `validation`, as Keras writes them, as `train/epoch_loss`. Folders without a number are left out, and such below a
    run that only say how it ended, as `add_hparams` writes them.

    Raises:
        DataError: nothing there is an event file, none holds a number, or one cannot be read.
    """
    folders = _event_files(path)
    if not folders:
        met = f"{path} has no event file" if path.exists() else f"{path} is not there"
        raise DataError(met, legal=_LEGAL)
    runs = _runs({folder: [read_event_file(file) for file in paths] for folder, paths in folders.items()}, path)
    logs = [log for folder, files in runs.items() for log in _logs(_name(folder, path), files)]
    if not logs:
        raise DataError(f"no event file of {path} holds a number", legal="scalars, as `add_scalar` writes them")
    return tuple(logs)


def _event_files(path: Path) -> dict[Path, list[Path]]:
    """Event files by folder; within one by name, which begins with the time at which they were opened."""
    if path.is_file():
        return {path.parent: [path]}
    found: dict[Path, list[Path]] = {}
    for folder, folders, names in os.walk(path):
        folders.sort()
        # A profile leaves an empty event file that only marks its folder.
        events = sorted(name for name in names if "tfevents" in name and not name.endswith(".profile-empty"))
        if events:
            found[Path(folder)] = [Path(folder) / name for name in events]
    return found


def _name(folder: Path, path: Path) -> str:
    if path.is_file() or folder == path:
        return path.resolve().name
    return folder.relative_to(path).as_posix()


def _runs(files: Mapping[Path, Sequence[EventFile]], path: Path) -> dict[Path, list[EventFile]]:
    """Event files by the folder of their run, in the order in which they were opened."""
    runs: dict[Path, list[EventFile]] = {}
    for folder, events in files.items():
        top = path in (folder, *(folder / event.name for event in events))
        around = None if top else _around(folder, events, files)
        if around is None:
            if top or folder.parent not in files or not _is_ending(events):
                runs.setdefault(folder, []).extend(events)
        else:
            runs.setdefault(folder.parent, []).extend(_renamed(event, *around) for event in events)
    return {folder: sorted(events, key=lambda event: event.name) for folder, events in runs.items()}


def _around(
    folder: Path, events: Sequence[EventFile], files: Mapping[Path, Sequence[EventFile]]
) -> tuple[str, str] | None:
    """What a subfolder's tags are to begin and to end with in the run above it; None where it is a run of its own."""
    tags = {tag for event in events for tag in event.points}
    if len(tags) == 1 and folder.parent in files:
        # torch.utils.tensorboard.SummaryWriter.add_scalars names a folder so
        (tag,) = tags
        stem = tag.replace("/", "_") + "_"
        if folder.name.startswith(stem):
            return "", "/" + folder.name.removeprefix(stem)
    if folder.name in _SPLIT_FOLDERS and any(folder.with_name(name) in files for name in _TRAIN_FOLDERS):
        return folder.name + "/", ""
    return None


def _is_ending(events: Sequence[EventFile]) -> bool:
    return all(len(points) == 1 and points[0][0] == 0 for event in events for points in event.points.values())


def _renamed(event: EventFile, before: str, after: str) -> EventFile:
    return replace(event, points={f"{before}{tag}{after}": points for tag, points in event.points.items()})


def _logs(name: str, files: Iterable[EventFile]) -> list[Log]:
    trainings: list[_Training] = []
    for file in files:
        if not file.points:
            continue
        begin = _resumed_at(trainings[-1], file) if trainings else None
        if not trainings or (begin is None and not file.points.keys().isdisjoint(trainings[-1].points)):
            trainings.append(_Training({}, []))
        elif begin is not None and _forget(trainings[-1], begin):
            trainings[-1].notes.append(f"What {name} says of step {begin} and later is taken from {file.name}.")
        training = trainings[-1]
        training.notes.extend(file.notes)
        for tag, points in file.points.items():
            training.points.setdefault(tag, []).extend(points)
    logs: list[Log] = []
    for number, training in enumerate(trainings, start=1):
        history, supposed = history_of(training.points)
        own = name if number == 1 else f"{name} ({number})"
        if len(trainings) > 1:
            supposed = (
                f"{name} holds {len(trainings)} trainings that began alike; this is number {number}.",
                *supposed,
            )
        logs.append(Log(name=own, history=history, notes=(*training.notes, *supposed)))
    return logs


def _resumed_at(training: _Training, file: EventFile) -> int | None:
    """The step at which a file goes on with a training; None where it shares no tag or begins where that began."""
    later: list[int] = []
    for tag, points in file.points.items():
        if tag in training.points:
            begin = min(step for step, _ in points)
            if begin > min(step for step, _ in training.points[tag]):
                later.append(begin)
    if not later:
        return None
    return min(later) if file.start is None else min(file.start, *later)


def _forget(training: _Training, begin: int) -> int:
    """Drop what was written of a step and of later ones; how many points that were."""
    forgotten = 0
    for tag, points in training.points.items():
        kept = [point for point in points if point[0] < begin]
        forgotten += len(points) - len(kept)
        training.points[tag] = kept
    return forgotten
