"""The manual builds without a warning, asks no other host for anything, and has a page for every check."""

import importlib.util
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import ClassVar, final

import pytest

from kilter.checks.check import Check

ADDRESS = re.compile(r"""(?:<link[^>]*\shref|\ssrc|@import|url\()\s*=?\s*\(?["']?(https?:)?//""")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Steepness(Check[float]):
    """The curve is steeper than a | b.

    A second paragraph.

    >>> 1 + 1
    2

    The end.

    Attributes:
        width: over how many steps.
    """

    code: ClassVar[str] = "C999"
    name: ClassVar[str] = "steepness"
    ratio: float = 2.5  # times the usual
    width: int = 7

    def examine(self, subject):
        yield from ()


@pytest.fixture(scope="module")
def hook(root):
    spec = importlib.util.spec_from_file_location("check_pages", root / "docs" / "hooks" / "check_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    paths = os.pathsep.join([str(root / "src"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "PYTHONPATH": paths, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_check_has_its_page(hook, site):
    for entry in hook.catalogue():
        text = (site / entry.path).with_suffix(".html").read_text(encoding="utf-8")

        assert f"{entry.check.code} {entry.check.name}" in text
        assert all(f"<code>{name}</code>" in text for name, _, _ in hook.thresholds(entry.check))


def test_the_overview_lists_every_check(hook, site):
    assert hook.catalogue()
    text = (site / "checks" / "index.html").read_text(encoding="utf-8")

    assert [entry.title for entry in hook.catalogue() if entry.title not in text] == []


def test_no_page_asks_another_host(site):
    pages = {page.name: page.read_text(encoding="utf-8") for page in site.rglob("*.html")}

    assert "index.html" in pages
    assert [name for name, text in pages.items() if ADDRESS.search(text)] == []


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ('<script src="https://cdn.example/x.js"></script>', True),
        ('<link rel="stylesheet" href="//fonts.example/css">', True),
        ('<style>@import "https://fonts.example/css"</style>', True),
        ("<style>a { background: url(https://example/x.png) }</style>", True),
        ('<a href="https://example.org">a link is followed by a person</a> <img src="x.png">', False),
    ],
)
def test_requests_are_told_from_links(text, asks):
    assert bool(ADDRESS.search(text)) == asks


def test_a_page_is_the_docstring_and_the_thresholds(hook):
    page = hook.page(hook.Entry("curves", Steepness()))

    assert page == (
        "# C999 steepness\n\n"
        "The curve is steeper than a | b.\n\nA second paragraph.\n\n"
        "```pycon\n>>> 1 + 1\n2\n```\n\nThe end.\n\n"
        "## Thresholds\n\n"
        "| field | default | meaning |\n|---|---|---|\n"
        "| `ratio` | `2.5` | times the usual |\n"
        "| `width` | `7` | over how many steps. |\n"
    )


def test_a_check_without_thresholds_has_no_table(hook):
    class Mute(Check[float]):
        """Says nothing."""

        code, name = "C998", "mute"

        def examine(self, subject):
            yield from ()

    assert hook.page(hook.Entry("curves", Mute())) == "# C998 mute\n\nSays nothing.\n"
