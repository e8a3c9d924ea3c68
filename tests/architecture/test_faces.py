"""Imports name files, and packages show no face."""

import pytest

from rules.faces import breaches
from rules.source import Source, forbid

HOUSE = (
    Source("kilter/__init__.py", "__all__ = ['fit']"),
    Source("kilter/values/__init__.py", ""),
    Source("kilter/values/finding.py", ""),
    Source("kilter/checks/__init__.py", ""),
    Source(
        "kilter/checks/curves/__init__.py",
        '"""Curves."""\nfrom kilter.checks.curves.plateau import Plateau\nCURVE_CHECKS: tuple = (Plateau(),)',
    ),
    Source("kilter/checks/curves/plateau.py", ""),
    Source("kilter/checks/program/__init__.py", "PROGRAM_CHECKS = ()"),
    Source("kilter/checks/program/loop/__init__.py", "LOOP_CHECKS = ()"),
)


def test_the_package_imports_from_files(package):
    forbid(breaches(package))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("kilter/cli/main.py", "from kilter import fit"),
        ("kilter/cli/main.py", "import kilter"),
        ("kilter/data/reading.py", "from kilter.values import Finding"),
        ("kilter/data/reading.py", "from kilter.values import *"),
        ("kilter/training/watch.py", "import kilter.checks.curves"),
        ("kilter/training/watch.py", "from kilter.checks.curves import Plateau"),
        ("kilter/training/watch.py", "def late():\n    from kilter.values import Finding"),
        ("kilter/data/__init__.py", "from kilter.data.reading import read"),
        ("kilter/data/__init__.py", '"""What this holds."""'),
        ("kilter/data/deep/__init__.py", "LOOP_CHECKS = ()"),
        ("kilter/checks/program/loss/__init__.py", "def register(check): ...\nLOSS_CHECKS = ()"),
        ("kilter/checks/data/__init__.py", "from kilter.checks.data.overlap import Overlap"),
        ("kilter/checks/data/__init__.py", "DATA_CHECKS = ()\nMORE_CHECKS = ()"),
        ("kilter/checks/data/__init__.py", "DATA_CHECKS = ()\ndef register(check): ..."),
        ("kilter/checks/data/__init__.py", "DATA_CHECKS = [*range(3)]\nX_CHECKS = ()"),
    ],
)
def test_a_planted_breach_is_caught(path, text):
    assert [breach.path for breach in breaches([*HOUSE, Source(path, text)])] == [path]


@pytest.mark.parametrize(
    "text",
    [
        "from kilter.values.finding import Finding",
        "from kilter.values import finding",
        "from kilter.checks.curves import CURVE_CHECKS",
        "from kilter.checks.curves import plateau",
        "from kilter.checks.program.loop import LOOP_CHECKS",
    ],
)
def test_files_and_tuples_of_families_are_let_through(text):
    assert list(breaches([*HOUSE, Source("kilter/training/watch.py", text)])) == []
