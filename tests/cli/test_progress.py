import io
import sys
from dataclasses import replace

import pytest

from kilter.cli import progress
from kilter.cli.options import Options
from kilter.cli.progress import Lines, LiveBar, make_progress
from kilter.project.progress import Progress, Silence
from kilter.training.events import Evaluated, Finished, StepDone
from kilter.values.finding import Finding, Severity
from kilter.values.history import History
from kilter.values.run import Stage

QUIET = Options(json=False, quiet=True, overrides=())
PLAIN = Options(json=False, quiet=False, overrides=())
FINDING = Finding(code="C1", name="x", severity=Severity.WARNING, seen="s", advice="a")
STAGE = Stage(name="train", status="done", seconds=1.25, summary="6 steps", findings=(FINDING,))


def step(number, epoch):
    return StepDone(number, epoch, 0.5, 1.0, 0.1)


def play(shown):
    shown.began("train")
    shown.told("trying …")
    shown.planned(6)
    history = History().append(1, {"train.loss": 0.5})
    for number in range(1, 7):
        shown.see(step(number, (number - 1) // 3), history)
        if number % 3 == 0:
            shown.see(Evaluated(number, (number - 1) // 3, "valid", {"loss": 0.25, "accuracy": 0.875}), history)
    shown.see(Finished(6, "all steps done"), History())
    shown.flush()
    shown.ended(STAGE)


def test_lines_are_one_for_each_epoch_and_evaluation_on_stderr(capsys):
    play(Lines())
    said = capsys.readouterr()

    assert said.out == ""
    assert said.err.splitlines() == [
        "train …",
        "  trying …",
        "  epoch 1, step 3 of 6: train.loss 0.5, valid.loss 0.25, valid.accuracy 0.875",
        "  epoch 2, step 6 of 6: train.loss 0.5, valid.loss 0.25, valid.accuracy 0.875",
        "train done in 1.2 s: 6 steps",
        "  warning: C1 x: s",
    ]


def test_the_model_as_it_was_made_and_a_run_by_the_clock_have_places_of_their_own(capsys):
    lines, history = Lines(), History().append(40, {"train.loss": 0.5, "clock.seconds": 75.0})
    lines.planned(None, 3600.0)
    lines.see(Evaluated(0, 0, "valid", {"loss": 0.7}), History())
    lines.see(Evaluated(40, 1, "valid", {"loss": 0.25}), history)

    assert capsys.readouterr().err.splitlines() == [
        "  before the first step: valid.loss 0.7",
        "  epoch 2, step 40, 1:15 of 1:00:00: train.loss 0.5, valid.loss 0.25",
    ]


def test_epochs_without_an_evaluation_are_told_when_they_are_over(capsys):
    lines = Lines()
    for number in range(1, 13):
        lines.see(step(number, (number - 1) // 3), History())

    assert capsys.readouterr().err.splitlines() == [
        f"  epoch {epoch}, step {first}: train.loss 0.5" for epoch, first in ((2, 4), (3, 7), (4, 10))
    ]


def test_what_is_found_is_told_up_to_a_number(capsys):
    findings = tuple(replace(FINDING, code=f"C{number}") for number in range(1, 12))
    Lines().ended(replace(STAGE, findings=findings))
    said = capsys.readouterr().err.splitlines()

    assert len(said) == 10
    assert said[-1] == "  and 3 more findings, all in the report"


def test_a_long_epoch_says_something_every_half_minute(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    lines = Lines()
    for number in range(1, 100):
        now[0] += 1.0
        lines.see(step(number, 0), History())

    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == [
        "  epoch 1, step 30",
        "  epoch 1, step 60",
        "  epoch 1, step 90",
    ]


def test_the_bar_leaves_stages_and_evaluations_as_lines(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    play(LiveBar())

    assert "epoch 1, step 3: valid.loss 0.25, valid.accuracy 0.875" in stream.getvalue()
    assert "warning: C1 x: s" in stream.getvalue()


@pytest.mark.parametrize(("planned", "done", "shown"), [((6,), 5, "5/6"), ((None, 90.0), 75.0, "1:15/1:30")])
def test_the_bar_of_a_resumed_run_begins_where_it_stands(monkeypatch, planned, done, shown):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    bar = LiveBar()
    bar.planned(*planned)
    bar.see(step(5, 1), History().append(5, {"clock.seconds": 75.0}))
    (task,) = bar._bar.tasks  # noqa: SLF001 - a terminal shows no more than it draws
    bar.see(Finished(5, "enough"), History())

    assert task.completed == done
    assert task.speed is None
    assert f"{task.fields['done']}/{task.fields['known']}" == shown


@pytest.mark.parametrize("kind", [Lines, LiveBar, Silence])
def test_all_of_them_take_all_that_is_told(kind):
    assert [name for name in vars(Progress) if not name.startswith("_") and not hasattr(kind, name)] == []


@pytest.mark.parametrize(
    ("options", "terminal", "variables", "kind"),
    [
        (QUIET, True, {}, Silence),
        (PLAIN, True, {}, LiveBar),
        (PLAIN, False, {}, Lines),
        (PLAIN, True, {"NO_COLOR": "1"}, Lines),
        (PLAIN, True, {"TERM": "dumb"}, Lines),
    ],
)
def test_who_is_told_follows_from_the_terminal(monkeypatch, options, terminal, variables, kind):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)

    assert type(make_progress(options)) is kind
