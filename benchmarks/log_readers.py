"""What can be told from curves alone: kilter beside two readers of logs, over trainings with a planted fault.

Each program of `doctor.py` is trained once as its author wrote it, under `kilter.watch`; nothing else of it is looked
at. What was recorded goes to kilter's checks of curves, to pulseml's DetectionEngine and to trainspotter's detectors,
each under the names that it knows: pulseml row by row as it would arrive live, the other two at the end. Nobody is told
the task, and nobody is asked for a cause, since the other two name none that could be compared.

trainspotter comes with the extra `bench`; pulseml does not, since its licence is not a free one: who agrees to that
installs it. Whoever is not installed is left out, which the script says.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np
import torch
from doctor import blinded, programs
from machine import RESULTS, write_result

from kilter.training.rehearsing import judge, rehearse
from kilter.values.curve_names import GRADIENT_NORM, LEARNING_RATE, TRAIN_LOSS, VALID_LOSS
from kilter.values.finding import Severity
from kilter.values.history import History

if TYPE_CHECKING:
    from kilter.training.rehearsing import Rehearsal

PEERS = {
    "pulseml": "pip install pulseml, if its licence suits you",
    "trainspotter": "pip install '.[bench]' -c constraints.txt",
}
"""Readers beside kilter, and how they are installed."""

GRAVE = {"kilter": "failure", "pulseml": "critical", "trainspotter": "error"}
"""What each calls the graver one of its two severities that count; the other is a warning for all of them."""

POLLED = 4
"""Steps between two looks of pulseml."""

PULSEML_NAMES = {
    TRAIN_LOSS: "loss",
    VALID_LOSS: "val_loss",
    LEARNING_RATE: "learning_rate",
    GRADIENT_NORM: "grad_norm",
}
TRAINSPOTTER_NAMES = {
    TRAIN_LOSS: "train/loss",
    VALID_LOSS: "eval/loss",
    LEARNING_RATE: "lr",
    GRADIENT_NORM: "grad_norm",
    "train.epoch": "epoch",
}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a reader said of a training.

    Attributes:
        program: its name, which no reader has seen.
        fault: the cause that was planted; None in a healthy one.
        seed: with which it was made.
        reader: who said it.
        said: name and severity of each finding from a warning on.
        first: whether the first cause of the first finding is the planted one; None of readers that name none.
        seconds: of CPU time that reading took.
        points: how many numbers there were to read.
    """

    program: str
    fault: str | None
    seed: int
    reader: str
    said: tuple[tuple[str, str], ...]
    first: bool | None
    seconds: float
    points: int


def read_by_kilter(
    rehearsal: Rehearsal, metric: str, fault: str | None
) -> tuple[tuple[tuple[str, str], ...], bool | None]:
    """Kilter's checks of curves, in their order."""
    rows = rehearsal.history.rows()
    named = History.of((step, {name.replace(".metric", f".{metric}"): row[name] for name in row}) for step, row in rows)
    found = [
        finding for finding in judge(replace(rehearsal, history=named)).findings if finding.severity > Severity.NOTE
    ]
    return tuple((f.name, f.severity.word) for f in found), bool(found) and found[0].causes[:1] == (fault,)


def read_by_pulseml(history: History, metric: str) -> tuple[tuple[tuple[str, str], ...], None]:
    """Whatever pulseml raised while the rows came in, at its default sensitivity, as its own console feeds it.

    It is asked after some steps and after each evaluation, since its console polls, too.
    """
    from pulse.pulse_detect import DetectionEngine

    engine, histories, said = DetectionEngine(require_new_data=True), dict[str, list[float]](), {}
    names = logged(history, PULSEML_NAMES, f"val_{metric}")
    for step, values in history.rows():
        for name in values.keys() & names.keys():
            histories.setdefault(names[name], []).append(values[name])
        if VALID_LOSS not in values and step % POLLED:
            continue
        counts = {name: len(series) for name, series in histories.items()}
        for found in engine.update(histories, step=step, counts=counts)["raised"]:
            said[found.check, found.severity] = None
    return tuple(key for key in said if key[1] in {"critical", "warning"}), None


def read_by_trainspotter(history: History, metric: str) -> tuple[tuple[tuple[str, str], ...], None]:
    """What trainspotter's default detectors find in the finished run."""
    from trainspotter.detectors import run_all
    from trainspotter.model import Run

    run, names = Run(), logged(history, TRAINSPOTTER_NAMES, f"eval/{metric}")
    for step, values in history.rows():
        for name in values.keys() & names.keys():
            run.add_point(names[name], step, values[name])
    run.finalize()
    return tuple((f.detector, f.severity) for f in run_all(run) if f.severity in {"error", "warning"}), None


def logged(history: History, known: Mapping[str, str], metric: str) -> dict[str, str]:
    """What a reader is given, and under which name; nobody logs a learning rate that is the same at each step."""
    names = {name: known[name] for name in history if name in known}
    names |= {name: metric for name in history if name in {"valid.metric", "valid.error"}}
    if LEARNING_RATE in names and np.ptp(history[LEARNING_RATE].values) == 0:
        del names[LEARNING_RATE]
    return names


def read(program: str, *, shared: Path, seeds: tuple[int, ...], readers: tuple[str, ...]) -> list[Row]:
    """What each reader says of a program's own training."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # the programs' own
    rows = []
    for seed in seeds:
        case = programs(shared)[program]()
        rehearsal = rehearse(blinded(case), seed=seed)
        history = rehearsal.history
        called = {"acc": "accuracy"}.get(case.metric, case.metric)
        asked: dict[str, Callable[[], Any]] = {
            "kilter": partial(read_by_kilter, rehearsal, called, case.fault),
            "pulseml": partial(read_by_pulseml, history, called),
            "trainspotter": partial(read_by_trainspotter, history, called),
        }
        for reader in readers:
            began = time.process_time()
            said, first = asked[reader]()
            rows.append(
                Row(
                    program=program,
                    fault=case.fault,
                    seed=seed,
                    reader=reader,
                    said=said,
                    first=first,
                    seconds=time.process_time() - began,
                    points=sum(len(history[name]) for name in history),
                )
            )
    return rows


def summary(rows: Iterable[Row], readers: Iterable[str]) -> dict[str, Mapping[str, object]]:
    """Detected, and false alarms, of each reader at both severities."""
    figures: dict[str, Mapping[str, object]] = {}
    for reader in readers:
        here = [row for row in rows if row.reader == reader]
        faulty, healthy = [row for row in here if row.fault], [row for row in here if not row.fault]
        for word, counts in (("warning", {"warning", GRAVE[reader]}), (GRAVE[reader], {GRAVE[reader]})):
            spoke = {id(row) for row in here if counts & {severity for _, severity in row.said}}
            figures[f"{reader}, from {word} on"] = {
                "detected": sum(id(row) in spoke for row in faulty) / max(1, len(faulty)),
                "faulty": len(faulty),
                "false_alarms": sum(id(row) in spoke for row in healthy),
                "healthy": len(healthy),
            }
        named = [row.first for row in faulty if row.first is not None]
        if named:
            figures[f"{reader}, cause named first"] = {"share": sum(named) / len(named)}
    return figures


def main() -> None:
    """Run, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="programs, or how their names begin; all of them where none is named")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--out", type=Path, default=RESULTS / "log_readers.json")
    options = parser.parse_args()
    shared = Path(os.environ.get("KILTER_SHARED", "../shared")).resolve()
    if not (shared / "faults").is_dir():
        print(f"skipped: {shared / 'faults'} is not there; KILTER_SHARED says where the programs are")
        return
    installed = {reader: found for reader in PEERS if (found := _version(reader))}
    for reader, how in PEERS.items():
        if reader not in installed:
            print(f"{reader} is not installed: {how}")
    readers = ("kilter", *installed)
    names = [n for n in programs(shared) if not options.names or n.startswith(tuple(options.names))]
    one = partial(read, shared=shared, seeds=tuple(options.seeds), readers=readers)
    rows: list[Row] = []
    print(f"{'program':28}{'fault':26}{'seed':>5}  {'reader':14}{'seconds':>8}  said")
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        for found in pool.map(one, names):
            for row in found:
                said = ", ".join(f"{name} ({severity})" for name, severity in row.said) or "-"
                start = f"{row.program:28}{row.fault or '-':26}{row.seed:>5}"
                print(f"{start}  {row.reader:14}{row.seconds:>8.2f}  {said}", flush=True)
            rows += found
    figures = summary(rows, readers)
    for name, value in figures.items():
        print(f"{name}: {value}")
    write_result(
        options.out,
        "log_readers",
        [asdict(row) for row in rows],
        versions=("torch", "scikit-learn", *installed),
        seeds=list(options.seeds),
        summary=figures,
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    main()
