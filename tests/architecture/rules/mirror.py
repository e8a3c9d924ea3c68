"""Tests mirror the package one to one: `src/kilter/a/b.py` has `tests/a/test_b.py`, and the other way round."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rules.source import Breach, Source

APART = ("architecture/", "flow/")
"""Folders of tests that stand for the house and for whole ways through it, not for a file."""


def breaches(sources: Iterable[Source], tests: Iterable[str]) -> Iterator[Breach]:
    """Files without their test, tests without their file; `tests` are paths from the folder `tests` on."""
    expected = {_test_of(source.path): source.path for source in sources if not source.is_face}
    found = {path for path in tests if not path.startswith(APART) and path.split("/")[-1].startswith("test_")}
    for missing in sorted(expected.keys() - found):
        yield Breach(expected[missing], 1, f"has no test file tests/{missing}")
    for alone in sorted(found - expected.keys()):
        yield Breach(f"tests/{alone}", 1, "tests no file of the package; the tests mirror it one to one")


def _test_of(path: str) -> str:
    """The test of `kilter/a/b.py` is `a/test_b.py`; underscores at the ends are no part of a name."""
    *folders, name = path.removeprefix("kilter/").removesuffix(".py").split("/")
    return "/".join([*folders, f"test_{name.strip('_')}.py"])
