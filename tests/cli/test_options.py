import click
import pytest
from click.testing import CliRunner

from kilter.cli.options import Options, shared_options, wants_colour
from kilter.values.errors import UsageError


@pytest.fixture
def given():
    got = []

    @click.command()
    @click.argument("word")
    @shared_options
    def command(*, word, options):
        got.append((word, options))

    def call(*words):
        got.clear()
        CliRunner().invoke(command, words, standalone_mode=False, catch_exceptions=False)
        return got[0]

    return call


def test_nothing_said(given):
    assert given("x") == ("x", Options(json=False, quiet=False, overrides=()))


@pytest.mark.parametrize(
    ("words", "overrides"),
    [
        (("--set", "a=1", "--set", "b.c=2"), ("a=1", "b.c=2")),
        (("--gate", "off"), ("gate.fail_on=off",)),
        (("--gate", "on"), ()),
        (("--fail-on", "warning"), ("gate.fail_on=warning",)),
        (("--gate", "on", "--fail-on", "failure"), ("gate.fail_on=failure",)),
    ],
)
def test_the_gate_is_a_key_like_any_other(given, words, overrides):
    assert given("x", *words)[1].overrides == overrides


def test_a_gate_that_is_off_has_no_threshold(given):
    with pytest.raises(UsageError, match="one of them"):
        given("x", "--gate", "off", "--fail-on", "warning")


def test_flags(given):
    assert given("x", "--json", "--quiet")[1] == Options(json=True, quiet=True, overrides=())


def test_what_cannot_be_set_is_refused():
    Options(json=False, quiet=False, overrides=()).refuse_overrides("report", "nothing can be set")
    with pytest.raises(UsageError, match=r"`kilter report` with a=1: nothing can be set"):
        Options(json=False, quiet=False, overrides=("a=1",)).refuse_overrides("report", "nothing can be set")


class Stream:
    def __init__(self, terminal):
        self.terminal = terminal

    def isatty(self):
        return self.terminal


@pytest.mark.parametrize(
    ("terminal", "variables", "wants"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_colour_is_for_terminals_of_those_who_did_not_ask_for_plain_text(monkeypatch, terminal, variables, wants):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert wants_colour(Stream(terminal)) == wants


def test_the_gate_is_told_apart_from_what_is_set(given):
    _, options = given("x", "--set", "train.seed=3", "--fail-on", "warning")
    fail_on, others = options.gate()

    assert fail_on == "warning"
    assert others.overrides == ("train.seed=3",)
    assert given("x", "--gate", "off")[1].gate()[0] == "off"
    assert given("x")[1].gate()[0] == "failure"
