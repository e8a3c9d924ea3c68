"""Recorded runs are read, each is examined, and several are held against the first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, final

from kilter.checks.curves import CURVE_CHECKS
from kilter.checks.curves.telling import told
from kilter.checks.examination import examine
from kilter.logs.columns import chosen_columns
from kilter.logs.json_lines import history_of_lists
from kilter.logs.naming import named
from kilter.logs.reading import read_logs
from kilter.project.parting import part, worth_comparing
from kilter.values.curve_names import EPOCH
from kilter.values.diagnosis import DiagnosedRun, Diagnosis, Parting
from kilter.values.errors import UsageError
from kilter.values.history import History
from kilter.values.log import Log
from kilter.values.program import Kind
from kilter.values.run import Run
from kilter.values.validation import nearest

Recorded = str | Path | History | Log | Run | Mapping[str, Sequence[float]]
"""A path with one or more logs; a history, a log or a run at hand; or lists of values by name, as Keras returns."""

_IN_MEMORY: Final = "history"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    log: Log
    source: str


def diagnose(
    subject: Recorded,
    *others: Recorded,
    task: str | None = None,
    classes: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Diagnosis:
    """What the curves of a recorded training say, whoever recorded it; torch is not needed.

    >>> losses = [2.3, 1.1, 0.9, 0.8, 0.8, 0.7, float("nan"), float("nan")] * 4
    >>> [finding.name for finding in diagnose({"loss": losses}).findings][:1]
    ['not-a-number']

    Args:
        subject: a path, as `kilter diagnose` takes it; a history, a log or a run; or lists of values by name.
        others: more of them. Several runs are also held against the first one.
        task: what is learnt, so that the first logged loss can be judged; a word that `Program.task` takes.
        classes: how many there are.
        columns: of curves, such as `train_loss`, the columns that are to be taken for them.

    Raises:
        DataError: a path at which nothing is a log, or one that is broken.
        UsageError: a task, a curve or a column that there is not.
    """
    if task is not None and task not in list(Kind):
        raise UsageError(f"task {task!r}", legal=nearest(task, [kind.value for kind in Kind]))
    if classes is not None and classes < 2:
        raise UsageError(f"classes {classes}", legal="2 or more")
    checks = told(CURVE_CHECKS, task=task, classes=classes)
    found = [one for given in (subject, *others) for one in _read(given, columns or {})]
    first, *rest = (
        DiagnosedRun(name=name, log=one.log, examination=examine(checks, one.log.history), source=one.source)
        for name, one in zip(_names(found), found, strict=True)
    )
    runs = (first, *(_noted(run, first) for run in rest))
    return Diagnosis(runs=runs, partings=tuple(_partings(runs)))


def _read(given: Any, columns: Mapping[str, str]) -> Iterable[_Found]:
    if isinstance(given, str | Path):
        return [_Found(log=log, source=str(given)) for log in read_logs(given, columns)]
    chosen = chosen_columns(columns)
    if isinstance(given, Run):
        return [_Found(log=Log(name=given.name, history=given.history), source=str(given.path))]
    if isinstance(given, Log):
        return [_Found(log=named(given, chosen), source="")]
    if isinstance(given, History):
        return [_Found(log=named(Log(name=_IN_MEMORY, history=given), chosen), source="")]
    if isinstance(given, Mapping):
        log = Log(name=_IN_MEMORY, history=history_of_lists(given))
        return [_Found(log=named(log, chosen, numbered=True), source="")]
    raise UsageError(
        f"a {type(given).__name__} to diagnose", legal="a path, a History, a Log, a Run, or lists of values by name"
    )


def _names(found: Sequence[_Found]) -> list[str]:
    """A name for each run: the log's, with the path before it or a number behind it where two logs have one name."""
    borne = Counter(one.log.name for one in found)
    seen: Counter[str] = Counter()
    names: list[str] = []
    for one in found:
        name = one.log.name
        if borne[name] > 1 and one.source:
            name = one.source if name in Path(one.source).parts[-2:] else f"{one.source}: {name}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


def _partings(runs: Sequence[DiagnosedRun]) -> Iterable[Parting]:
    """The first run against each of the others, by each curve that both have."""
    first, *others = runs
    for other in others:
        if _goes_by_epoch(first) != _goes_by_epoch(other):
            continue
        for curve in first.log.history:
            if curve in other.log.history and worth_comparing(curve):
                found = part(first.log.history[curve], other.log.history[curve], (first.name, other.name))
                if found is not None:
                    yield found


def _noted(run: DiagnosedRun, first: DiagnosedRun) -> DiagnosedRun:
    """A run that says where its curves cannot be laid over those of the first one."""
    if _goes_by_epoch(run) == _goes_by_epoch(first):
        return run
    units = ("epochs", "steps") if _goes_by_epoch(run) else ("steps", "epochs")
    note = f"It counts {units[0]} and {first.name} counts {units[1]}: where they part cannot be said."
    return replace(run, log=replace(run.log, notes=(*run.log.notes, note)))


def _goes_by_epoch(run: DiagnosedRun) -> bool:
    """Whether the steps of a log are its epochs."""
    if EPOCH not in run.log.history:
        return False
    epochs = run.log.history[EPOCH]
    return bool((epochs.steps == epochs.values).all())
