import subprocess
import sys
import warnings

import pytest

from kilter.cli import report
from kilter.cli.main import COMMANDS

HEAVY = ("torch", "numpy", "pydantic", "rich", "ruamel.yaml", "sklearn", "pyarrow", "plotly")


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def loaded_by(*words):
    """Which heavy packages a command line brings into the process, and the exit code."""
    code = (
        "import sys\nfrom kilter.cli.main import main\n"
        f"try: main({list(words)!r})\nexcept SystemExit as left: code = left.code\n"
        f"print('\\nloaded', [name for name in {HEAVY!r} if name in sys.modules], code)"
    )
    done = python(code)
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("words", [("--help",), ("run", "--help"), ("--version",), ("init", "-h")])
def test_help_brings_nothing_heavy_into_the_process(words):
    assert loaded_by(*words) == "loaded [] 0"


def test_the_front_door_alone_brings_nothing_heavy():
    done = python(f"import sys, kilter; print([name for name in {HEAVY!r} if name in sys.modules])")

    assert done.stdout.strip() == "[]"


def test_help_lists_every_command_in_the_order_in_which_a_person_meets_them(kilter):
    ended = kilter("--help")
    listed = [line.split()[0] for line in ended.out.partition("Commands:")[2].splitlines() if line.strip()]

    assert ended.code == 0
    assert listed == list(COMMANDS)


WITHIN = {"find": ["find batch-size", "find learning-rate"]}
"""Commands that have commands of their own."""


@pytest.mark.parametrize("command", [each for name in COMMANDS for each in WITHIN.get(name, [name])])
def test_every_command_has_help_and_the_shared_options(kilter, command):
    ended = kilter(*command.split(), "--help")

    assert ended.code == 0
    assert all(option in ended.out for option in ("--json", "--set", "--quiet", "--gate", "--fail-on"))


def test_no_command_at_all_shows_help_and_is_a_mistake_of_usage(kilter):
    ended = kilter()

    assert ended.code == 2
    assert "Commands:" in ended.err
    assert ended.out == ""


def test_a_command_that_is_not_there_is_refused_with_the_one_that_was_meant(kilter):
    ended = kilter("rnu")

    assert ended.code == 2
    assert "did you mean 'run'?" in ended.err
    assert ended.out == ""


def test_a_warning_is_one_line_on_stderr(kilter, monkeypatch, recwarn):
    def warning(**_options):
        warnings.warn("the mirror failed", UserWarning, stacklevel=1)

    monkeypatch.setattr(report.report, "callback", warning)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        ended = kilter("report", "x")

    assert ended.code == 0
    assert ended.err == "UserWarning: the mirror failed\n"


def test_an_option_that_is_not_there_is_refused(kilter):
    ended = kilter("run", "--jsn")

    assert ended.code == 2
    assert ended.err.startswith("UsageError: ")
    assert "--json" in ended.err
