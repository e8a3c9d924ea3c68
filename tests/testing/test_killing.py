import json
import random
import re
import shutil
import sys
from dataclasses import replace

import pytest

from kilter.testing.killing import Moment, differences, survive, tear, trainee
from kilter.testing.trainee import make_pipeline
from kilter.tracking.fitting import fit

# A stand-in for a training that can be killed and started again in no time: it counts its lives in a file, opens its
# log as a training does, and after each step evaluates and writes a checkpoint, from its newest one on.
STAND_IN = """
import pathlib, sys, time
folder, steps, pace = pathlib.Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[4])
(folder / "lives").open("a").write("x")
(folder / ".evaluating").unlink(missing_ok=True)
fresh = folder / ".log"
fresh.write_text("")
fresh.replace(folder / "metrics.jsonl")
newest = max((int(path.name[5:]) for path in folder.glob("checkpoints/step-*")), default=0)
for step in range(newest + 1, steps + 1):
    (folder / ".evaluating").touch()
    time.sleep(pace)
    (folder / ".evaluating").unlink()
    half = folder / "checkpoints" / f".writing-step-{step}"
    half.mkdir(parents=True, exist_ok=True)
    (half / "weights").write_bytes(bytes(100))
    time.sleep(pace)
    half.rename(half.with_name(f"step-{step}"))
    time.sleep(0.01)
sys.exit(int(sys.argv[3]))
"""


def command(folder, steps, code=0, pace=0.01):
    return [sys.executable, "-c", STAND_IN, str(folder), str(steps), str(code), str(pace)]


def test_what_is_to_survive_is_killed_and_started_again(tmp_path):
    survived = survive(command(tmp_path, 60), tmp_path, steps=60, kills=4, seed=1)
    assert survived.kills == 4
    assert survived.torn == 0
    assert (tmp_path / "lives").read_text() == "x" * 5
    assert (tmp_path / "checkpoints" / "step-60").is_dir()


@pytest.mark.parametrize("moment", [Moment.WRITING, Moment.EVALUATING])
def test_the_moment_is_met(tmp_path, moment):
    """Slowly, so that a busy machine does not miss it."""
    survived = survive(command(tmp_path, 6, pace=0.4), tmp_path, steps=4, kills=2, moments=[moment])
    met = (survived.while_writing, survived.while_evaluating)
    assert met == ((2, 0) if moment is Moment.WRITING else (0, 2))
    assert (tmp_path / "lives").read_text() == "xxx"


def test_what_an_earlier_life_left_half_written_is_not_counted_again(tmp_path):
    (tmp_path / "checkpoints" / ".writing-step-99").mkdir(parents=True)
    survived = survive(command(tmp_path, 6, pace=0.4), tmp_path, steps=4, kills=1, moments=[Moment.EVALUATING])
    assert (survived.while_writing, survived.while_evaluating) == (0, 1)


def test_checkpoints_are_torn_where_an_earlier_one_can_step_in(tmp_path):
    assert not tear(tmp_path / "none", random.Random(0))
    for step in (1, 2):
        (tmp_path / f"step-{step}").mkdir()
        (tmp_path / f"step-{step}" / "weights").write_bytes(bytes(100))
        assert tear(tmp_path, random.Random(0)) == (step == 2)
    assert (tmp_path / "step-1" / "weights").stat().st_size == 100
    assert (tmp_path / "step-2" / "weights").stat().st_size < 100
    folder = tmp_path / "run"
    folder.mkdir()
    survived = survive(command(folder, 60), folder, steps=60, kills=4, seed=1, tears=True)
    assert survived.torn == 2  # after the first kill and the third


def test_what_ends_sooner_is_killed_less_often(tmp_path):
    survived = survive(command(tmp_path, 2), tmp_path, steps=1000, kills=2)
    assert survived.kills == 0
    assert (tmp_path / "lives").read_text() == "x"


def test_an_end_with_an_error_is_said(tmp_path):
    with pytest.raises(RuntimeError, match="the training ended with 3"):
        survive(command(tmp_path, 0, 3), tmp_path)


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    folder = tmp_path_factory.mktemp("one")
    fit(make_pipeline(length="12st"), folder=folder)
    return folder


@pytest.fixture
def other(one, tmp_path):
    shutil.copytree(one, tmp_path / "other")
    return tmp_path / "other"


def change(folder, name, value):
    """The last row that holds the number gets another, or goes where that is None."""
    log = folder / "metrics.jsonl"
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    at = max(place for place, row in enumerate(rows) if name in row)
    rows[at : at + 1] = [] if value is None else [{**rows[at], name: value}]
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_runs_that_agree_in_all_but_the_clock_do_not_differ(one, other):
    change(other, "clock.seconds", 1e9)
    assert differences(one, other) == ()


def test_another_number_is_told(one, other):
    change(other, "valid.loss", 0.123)
    assert len(differences(one, other)) == 1
    assert "'valid.loss': 0.123" in differences(one, other)[0]


def test_a_missing_row_is_told(one, other):
    change(other, "valid.loss", None)
    assert re.fullmatch(r"(\d+) rows were recorded, and \d+", differences(one, other)[0])


def test_other_answers_are_told(one, other):
    shown = other / "samples.jsonl"
    shown.write_text("".join(shown.read_text().splitlines(keepends=True)[:-1]))
    assert differences(one, other) == ("the answers that were shown differ",)


def test_other_weights_are_told(one, tmp_path):
    pipeline = make_pipeline(length="12st")
    fit(replace(pipeline, recipe=pipeline.recipe.replace("train.seed", 8)), folder=tmp_path)
    assert {"the last weights differ", "the best weights differ"} < set(differences(one, tmp_path))


def test_the_command_is_this_python_and_the_trainee(tmp_path):
    assert trainee(tmp_path, "--workers", "2") == [
        sys.executable,
        "-m",
        "kilter.testing.trainee",
        str(tmp_path),
        "--workers",
        "2",
    ]
