"""How much of what the doctor finds hangs on its thresholds: they are fitted anew with one kind of fault left out.

Each number that is a field of a check is scaled, one at a time, and it is written down on which programs the check
then speaks (a warning or worse); a number that the check does not read on its way through a program cannot change what
it says there, and is not tried. Fitting takes, for each field, the scale with which the check speaks on most faulty
programs while it is silent on every healthy one; of equals, the one nearest to what stands in the code. This is done
with the evidence of all kinds, and for each kind without the evidence of its programs; these are then examined anew
with the thresholds so found. Detection may fall by no more than ten points.

The programs are those of `doctor.py`. Checks that train are left out unless `--effort full` asks for them.
"""

from __future__ import annotations

import argparse
import math
import os
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import fields, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from doctor import blinded, programs
from machine import RESULTS, write_result

from kilter.checks.examination import examine
from kilter.checks.persons_code import PersonsCodeFailed
from kilter.checks.program import PROGRAM_CHECKS
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import Effort
from kilter.values.finding import Severity

if TYPE_CHECKING:
    from kilter.checks.program.probe import ProgramProbe

SCALES = (0.5, 0.7, 1.0, 1.4, 2.0)

BAR = 0.10
"""By how much detection may fall."""

Setting = tuple[str, str]
"""A check's name and a field of it."""

Fit = Mapping[Setting, float]
"""What each field is scaled by."""


def numbers(check: ProgramProbe) -> list[str]:
    """The fields of a check that are thresholds."""
    values = {field.name: getattr(check, field.name) for field in fields(check)}  # type: ignore[arg-type]
    return [name for name, value in values.items() if isinstance(value, int | float) and not isinstance(value, bool)]


def scaled(check: ProgramProbe, name: str, scale: float) -> ProgramProbe:
    """The same check with one threshold scaled; whole numbers stay whole, and of 1 or more."""
    value = getattr(check, name)
    new = max(1, round(value * scale)) if isinstance(value, int) else value * scale
    twin: ProgramProbe = replace(check, **{name: new})  # type: ignore[type-var]
    return twin


def fitted(check: ProgramProbe, fit: Fit) -> ProgramProbe:
    """The same check with all its thresholds as a fit has them."""
    for name in numbers(check):
        check = scaled(check, name, fit.get((check.name, name), 1.0))
    return check


def chosen(effort: str) -> list[ProgramProbe]:
    """The checks of an effort."""
    return [check for check in PROGRAM_CHECKS if effort == "full" or check.effort is Effort.QUICK]


def speaks(check: ProgramProbe, bench: Bench) -> bool:
    """Whether a check says a warning or worse."""
    return any(finding.severity >= Severity.WARNING for finding in examine([check], bench).findings)


def read_by(check: ProgramProbe, bench: Bench) -> tuple[bool, set[str]]:
    """Whether a check says a warning or worse, and the fields that it read on its way there."""
    read = set()

    def noting(self: Any, name: str) -> Any:
        read.add(name)
        return object.__getattribute__(self, name)

    kind = type(check)
    noted = type(kind.__name__, (kind,), {"__getattribute__": noting, "__slots__": ()})
    twin = noted(**{field.name: getattr(check, field.name) for field in fields(check)})  # type: ignore[arg-type]
    read.clear()
    return speaks(twin, bench), read


def decisions(program: str, *, shared: Path, effort: str) -> dict[tuple[str, str, float], bool]:
    """Whether each check speaks on a program, with each of its thresholds scaled; the bench is the same one."""
    bench = prepared(program, shared)
    found = {}
    for check in chosen(effort):
        usual, read = read_by(check, bench)
        found[check.name, "", 1.0] = usual
        for name in numbers(check):
            for scale in SCALES:
                same = scale == 1 or name not in read
                found[check.name, name, scale] = usual if same else speaks(scaled(check, name, scale), bench)
    return found


def prepared(program: str, shared: Path) -> Bench:
    """A program on its bench."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # the programs' own
    bench = Bench(program=blinded(programs(shared)[program]()))
    with suppress(PersonsCodeFailed):
        bench.recording  # noqa: B018 - here it is made, so that no check's own time holds it
    return bench


def detected(task: tuple[str, Fit], *, shared: Path, effort: str) -> bool:
    """Whether any check speaks on a program with the thresholds of a fit."""
    program, fit = task
    bench = prepared(program, shared)
    return any(speaks(fitted(check, fit), bench) for check in chosen(effort))


def fit_to(
    evidence: Mapping[str, Mapping[tuple[str, str, float], bool]], faults: Mapping[str, str | None], without: str | None
) -> dict[Setting, float]:
    """The most sensitive scale of each threshold that is silent on all healthy programs.

    Args:
        evidence: of each program, whether each check speaks with each scale.
        faults: of each program.
        without: the kind whose evidence is not used.
    """
    healthy = [name for name, fault in faults.items() if fault is None]
    faulty = [name for name, fault in faults.items() if fault not in (None, without)]
    fit = {}
    for check, field in {(check, field) for check, field, _ in next(iter(evidence.values())) if field}:
        silent = [s for s in SCALES if not any(evidence[name][check, field, s] for name in healthy)]
        if silent:
            hits = {s: sum(evidence[name][check, field, s] for name in faulty) for s in silent}
            fit[check, field] = max(silent, key=lambda s: (hits[s], -abs(math.log(s))))
    return {setting: scale for setting, scale in fit.items() if scale != 1}


def tasks(faults: Mapping[str, str | None], fits: Mapping[str | None, Fit]) -> Iterator[tuple[str, Fit]]:
    """What has to be examined: everything with all evidence, each kind with the fit that has not seen it."""
    for name, fault in faults.items():
        yield name, fits[None]
        if fault is not None:
            yield name, fits[fault]


def main() -> None:
    """Run, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="programs, or how their names begin; all of them where none is named")
    parser.add_argument("--effort", default="quick", choices=["quick", "full"])
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS / "thresholds.json")
    options = parser.parse_args()
    shared = Path(os.environ.get("KILTER_SHARED", "../shared")).resolve()
    if not (shared / "faults").is_dir():
        print(f"skipped: {shared / 'faults'} is not there; KILTER_SHARED says where the programs are")
        return
    kinds = programs(shared)
    names = [n for n in kinds if not options.names or n.startswith(tuple(options.names))]
    faults: dict[str, str | None] = {name: kinds[name]().fault for name in names}
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        said = pool.map(partial(decisions, shared=shared, effort=options.effort), names)
        evidence = dict(zip(names, said, strict=True))
        usual = {name: any(spoke for (_, field, _), spoke in evidence[name].items() if not field) for name in names}
        fits: dict[str | None, Fit] = {kind: fit_to(evidence, faults, kind) for kind in {None, *faults.values()}}
        work = list(tasks(faults, fits))
        answers = list(pool.map(partial(detected, shared=shared, effort=options.effort), work))
    with_all = {name: answer for (name, fit), answer in zip(work, answers, strict=True) if fit is fits[None]}
    left_out = {
        name: answer
        for (name, fit), answer in zip(work, answers, strict=True)
        if faults[name] and fit is fits[faults[name]]
    }
    rows: list[dict[str, Any]] = []
    print(f"{'kind':28}{'programs':>10}{'as it is':>10}{'fitted':>8}{'without':>9}  thresholds that came out otherwise")
    for kind in sorted({fault for fault in faults.values() if fault}):
        here = [name for name in names if faults[name] == kind]
        other = {f"{c}.{f}": s for (c, f), s in fits[kind].items() if fits[None].get((c, f), 1.0) != s}
        other |= {f"{c}.{f}": 1.0 for (c, f) in fits[None] if (c, f) not in fits[kind]}
        counts = [sum(by[name] for name in here) for by in (usual, with_all, left_out)]
        rows.append(
            {"kind": kind, "programs": len(here), **dict(zip(("usual", "fitted", "without"), counts, strict=True))}
        )
        rows[-1]["thresholds"] = other
        print(f"{kind:28}{len(here):>10}{counts[0]:>10}{counts[1]:>8}{counts[2]:>9}  {other or ''}")
    faulty = [name for name in names if faults[name]]
    shares = {
        word: sum(by[name] for name in faulty) / max(1, len(faulty))
        for word, by in (("as_it_is", usual), ("fitted", with_all), ("left_out", left_out))
    }
    healthy = [name for name in names if not faults[name]]
    alarms = {"as_it_is": sum(usual[n] for n in healthy), "fitted": sum(with_all[n] for n in healthy)}
    fall = shares["fitted"] - shares["left_out"]
    print(f"detected: {shares}; falls by {fall:.3f} (bar {BAR}); false alarms of {len(healthy)}: {alarms}")
    write_result(
        options.out,
        "thresholds",
        rows,
        versions=("torch",),
        effort=options.effort,
        scales=SCALES,
        detected=shares,
        false_alarms=alarms,
        falls_by=fall,
        bar=BAR,
        met=fall <= BAR,
        fitted={f"{check}.{field}": scale for (check, field), scale in fits[None].items()},
    )


if __name__ == "__main__":
    main()
