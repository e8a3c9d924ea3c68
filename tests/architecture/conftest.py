"""The package as the rules of the house see it."""

from pathlib import Path

import pytest

from rules.source import Source, read

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def package() -> tuple[Source, ...]:
    sources = read(ROOT / "src")
    assert len(sources) > 1, "the package was not found, so that every rule would hold"
    return sources
