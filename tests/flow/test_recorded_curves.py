"""Recorded trainings, made by somebody who had not read the checks: faults are named, healthy ones left in peace."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path

import pytest

from kilter.checks.curves import CURVE_CHECKS
from kilter.checks.curves.telling import told
from kilter.checks.examination import examine
from kilter.values.causes import CAUSE_NAMES
from kilter.values.finding import Severity
from kilter.values.history import History

RECORDED = Path(__file__).parents[1] / "checks" / "curves" / "recorded"
CASES = {case["name"]: case for case in json.loads((RECORDED / "index.json").read_text("utf-8"))}
FAULTY = sorted(name for name, case in CASES.items() if case["kind"] == "faulty")
HEALTHY = sorted(name for name, case in CASES.items() if case["kind"] == "healthy")


def read(name):
    path = RECORDED / CASES[name]["kind"] / f"{name}.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = [
            (int(row.pop("step")), {curve: float(value) for curve, value in row.items() if value})
            for row in csv.DictReader(file)
        ]
    return History.of(rows)


@cache
def found(name):
    case = CASES[name]
    return examine(told(CURVE_CHECKS, task=case["task"] or None, classes=case["classes"]), read(name)).findings


def three(findings):
    """All causes of the first finding, then the first of each other one: what a reader meets."""
    said = [cause for finding in findings[:1] for cause in finding.causes]
    said += [finding.causes[0] for finding in findings[1:] if finding.causes]
    return list(dict.fromkeys(said))[:3]


def test_every_curve_stands_in_the_index_and_every_entry_has_its_curve():
    assert {path.stem: path.parent.name for path in RECORDED.glob("*/*.csv")} == {
        name: case["kind"] for name, case in CASES.items()
    }


def test_causes_are_known_names_and_only_the_faulty_have_any():
    assert all(set(CASES[name]["causes"]) <= CAUSE_NAMES and CASES[name]["causes"] for name in FAULTY)
    assert not any(CASES[name]["causes"] for name in HEALTHY)


def test_there_are_enough_of_both():
    assert len(FAULTY) >= 50
    assert len(HEALTHY) >= 37


def test_most_faults_are_named_among_three():
    missed = {name: three(found(name)) for name in FAULTY if not set(CASES[name]["causes"]) & set(three(found(name)))}
    assert len(missed) <= 0.15 * len(FAULTY), missed


@pytest.mark.parametrize("name", HEALTHY)
def test_no_healthy_training_is_called_wrong(name):
    assert [finding for finding in found(name) if finding.severity == Severity.FAILURE] == []


def test_hardly_any_healthy_training_is_warned_of():
    warned = {
        name: [f"{finding.code}: {finding.seen}" for finding in found(name) if finding.severity >= Severity.WARNING]
        for name in HEALTHY
    }
    alarms = {name: said for name, said in warned.items() if said}
    assert len(alarms) <= 0.05 * len(HEALTHY), alarms
