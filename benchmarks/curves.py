"""The curve checks over recorded trainings, faulty and healthy: what they find, what they name, when they cry wolf.

The curves were recorded by `recorded_curves.py` from real trainings, and labelled by somebody who had not read the
checks. A case is *detected* where a finding of a warning or worse is there; its cause is *first* where it is the first
one that a reader meets, *among three* where it is among the first three: all of the first finding, then the first of
each other one, notes after warnings. `--folder` names further recordings of the same form.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

from machine import RESULTS, write_result

from kilter.checks.curves import CURVE_CHECKS
from kilter.checks.curves.telling import told
from kilter.checks.examination import examine
from kilter.values.finding import Finding, Severity
from kilter.values.history import History

RECORDED = Path(__file__).parents[1] / "tests" / "checks" / "curves" / "recorded"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A recorded training that was examined.

    Attributes:
        name: of the recording.
        kind: faulty or healthy.
        planted: the causes that its curves can have, the planted one first.
        findings: code, name, severity and causes, in order; notes are among them.
        detected: whether a finding is a warning or worse.
        failed: whether one is a failure.
        first: whether the first cause is one of those planted.
        three: whether one of the first three is.
        seconds: of CPU time that the examination took.
    """

    name: str
    kind: str
    planted: tuple[str, ...]
    findings: tuple[tuple[str, str, str, tuple[str, ...]], ...]
    detected: bool
    failed: bool
    first: bool
    three: bool
    seconds: float


def read(path: Path) -> History:
    """A recording: the step, then a column for each curve; empty where nothing was noted."""
    with path.open(newline="", encoding="utf-8") as file:
        return History.of(
            (int(row.pop("step")), {name: float(value) for name, value in row.items() if value})
            for row in csv.DictReader(file)
        )


def causes_met(findings: Sequence[Finding]) -> list[str]:
    """The causes that a reader meets: all of the first finding, then the first of each other one."""
    said = [cause for finding in findings[:1] for cause in finding.causes]
    said += [finding.causes[0] for finding in findings[1:] if finding.causes]
    return list(dict.fromkeys(said))


def examined(folder: Path, case: dict[str, Any]) -> Row:
    """One recording, under all curve checks."""
    history = read(folder / case["kind"] / f"{case['name']}.csv")
    checks = told(CURVE_CHECKS, task=case["task"] or None, classes=case["classes"])
    began = time.process_time()
    findings = examine(checks, history).findings
    seconds = time.process_time() - began
    met, planted = causes_met(findings), tuple(case["causes"])
    return Row(
        name=case["name"],
        kind=case["kind"],
        planted=planted,
        findings=tuple((f.code, f.name, f.severity.word, f.causes) for f in findings),
        detected=any(f.severity >= Severity.WARNING for f in findings),
        failed=any(f.severity == Severity.FAILURE for f in findings),
        first=bool(set(met[:1]) & set(planted)),
        three=bool(set(met[:3]) & set(planted)),
        seconds=seconds,
    )


def summary(rows: Sequence[Row]) -> dict[str, float]:
    """The shares to quote."""
    faulty = [row for row in rows if row.kind == "faulty"]
    healthy = [row for row in rows if row.kind == "healthy"]
    return {
        "faulty": len(faulty),
        "detected": share([row.detected for row in faulty]),
        "first": share([row.first for row in faulty]),
        "among_three": share([row.three for row in faulty]),
        "detected_and_among_three": share([row.detected and row.three for row in faulty]),
        "healthy": len(healthy),
        "healthy_failures": sum(row.failed for row in healthy),
        "healthy_warned": share([row.detected for row in healthy]),
        "healthy_noted": share([bool(row.findings) for row in healthy]),
        "slowest_seconds": max((row.seconds for row in rows), default=0.0),
    }


def share(said: Sequence[bool]) -> float:
    """How many of them hold."""
    return round(sum(said) / len(said), 4) if said else 0.0


def print_row(row: Row) -> None:
    """A line: detected, first, among three; what was planted; what was said."""
    marks = " ".join("x" if said else "." for said in (row.detected, row.first, row.three))
    said = "; ".join(f"{code} {severity}: {', '.join(causes[:3])}" for code, _, severity, causes in row.findings)
    print(f"{row.name:36}{(row.planted or ('-',))[0]:26}{marks}  {said}")


def main() -> None:
    """Examine all recordings, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="beginnings of names; all where none is given")
    parser.add_argument("--folder", type=Path, default=RECORDED, help="of recordings, with their index.json")
    parser.add_argument(
        "--out", type=Path, help="of the figures; default: curves.json, where all of ours were examined"
    )
    options = parser.parse_args()
    cases = json.loads((options.folder / "index.json").read_text("utf-8"))
    rows = []
    print(f"{'recording':36}{'planted':26}d f 3  findings")
    for case in sorted(cases, key=lambda case: (case["kind"], case["name"])):
        if not options.names or case["name"].startswith(tuple(options.names)):
            rows.append(examined(options.folder, case))
            print_row(rows[-1])
    figures = summary(rows)
    for name, value in figures.items():
        print(f"{name}: {value}")
    bar = {"among_three": 0.85, "healthy_failures": 0, "healthy_warned": 0.05}
    out = options.out or (RESULTS / "curves.json" if options.folder == RECORDED and not options.names else None)
    if out:
        met = (
            figures["among_three"] >= bar["among_three"]
            and figures["healthy_failures"] <= bar["healthy_failures"]
            and figures["healthy_warned"] <= bar["healthy_warned"]
        )
        versions = ["numpy", "kilter"]
        write_result(out, "curves", [asdict(row) for row in rows], versions=versions, figures=figures, bar=bar, met=met)


if __name__ == "__main__":
    main()
