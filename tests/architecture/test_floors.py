"""Imports follow the table of floors."""

import pytest

from rules.floors import FLOORS, MAY_IMPORT, breaches
from rules.source import Source, forbid


def test_the_package_keeps_the_floors(package):
    forbid(breaches(package))


def test_every_folder_has_its_floor_and_its_row():
    assert sorted(MAY_IMPORT) == sorted(folder for floor in FLOORS for folder in floor)


@pytest.mark.parametrize("folder", sorted(set(MAY_IMPORT) - {"cli"}))
def test_the_table_leads_only_downwards(folder):
    height = {name: number for number, floor in enumerate(FLOORS) for name in floor}

    assert all(height[below] < height[folder] for below in MAY_IMPORT[folder])


def test_the_command_line_may_import_everything():
    assert MAY_IMPORT["cli"] == set(MAY_IMPORT)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("kilter/values/finding.py", "from kilter.metrics.intervals import interval"),
        ("kilter/metrics/intervals.py", "from kilter.values.evaluation import Score"),
        ("kilter/data/reading.py", "import kilter.tasks.classification"),
        ("kilter/engine/step.py", "from kilter.models import transformer"),
        ("kilter/checks/curves/plateau.py", "from ...training.loop import fit"),
        ("kilter/finders/batch_size.py", "def find():\n    from kilter.checks.check import Check"),
        (
            "kilter/training/fit.py",
            "import typing\nif typing.TYPE_CHECKING:\n    import kilter.tracking.jsonl",
        ),
        ("kilter/training/loop.py", "from importlib import import_module\nimport_module('kilter.models.auto')"),
        ("kilter/project/flow.py", "from kilter.cli.main import main"),
        ("kilter/testing/faults.py", "from kilter.cli.main import main"),
        ("kilter/report/html.py", "import kilter"),
        ("kilter/attic/old.py", ""),
        ("kilter/loose.py", ""),
    ],
)
def test_a_planted_breach_is_caught(path, text):
    modules = [Source(f"kilter/{name}.py", "") for name in ("models/transformer", "cli/main", "training/loop")]
    here = [module for module in modules if module.path != path]

    assert [breach.path for breach in breaches([*here, Source(path, text)])] == [path]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("kilter/values/run.py", "from kilter.values.finding import Finding"),
        ("kilter/tasks/classification.py", "from kilter.metrics import intervals\nimport numpy, kilterish"),
        ("kilter/cli/main.py", "from kilter.pages.live import serve\nfrom kilter.testing.faults import FAULTS"),
        ("kilter/__init__.py", "from kilter.training.fit import fit"),
    ],
)
def test_what_the_table_has_is_let_through(path, text):
    assert list(breaches([Source("kilter/metrics/intervals.py", ""), Source(path, text)])) == []
