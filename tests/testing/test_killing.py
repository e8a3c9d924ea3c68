import json
import shutil
import sys
from dataclasses import replace

import pytest

from kilter.testing.killing import differences, survive, trainee
from kilter.testing.trainee import make_pipeline
from kilter.tracking.fitting import fit

# A stand-in for a training that can be killed and started again in no time: it counts its lives in a file, opens its
# log as a training does, and writes checkpoints from its newest one on, empty ones.
STAND_IN = """
import pathlib, sys, time
folder, steps = pathlib.Path(sys.argv[1]), int(sys.argv[2])
(folder / "lives").open("a").write("x")
fresh = folder / ".log"
fresh.write_text("")
fresh.replace(folder / "metrics.jsonl")
newest = max((int(path.name[5:]) for path in folder.glob("checkpoints/step-*")), default=0)
for step in range(newest + 1, steps + 1):
    half = folder / "checkpoints" / f".writing-step-{step}"
    half.mkdir(parents=True, exist_ok=True)
    time.sleep(0.01)
    half.rename(half.with_name(f"step-{step}"))
    time.sleep(0.01)
sys.exit(int(sys.argv[3]))
"""


def command(folder, steps, code=0):
    return [sys.executable, "-c", STAND_IN, str(folder), str(steps), str(code)]


def test_what_is_to_survive_is_killed_and_started_again(tmp_path):
    survived = survive(command(tmp_path, 60), tmp_path, steps=60, kills=4, seed=1)
    assert survived.kills == 4
    assert 1 <= survived.while_writing <= 3
    assert (tmp_path / "lives").read_text() == "x" * 5
    assert (tmp_path / "checkpoints" / "step-60").is_dir()


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
    log = folder / "metrics.jsonl"
    *rows, last = log.read_text().splitlines()
    log.write_text("\n".join([*rows, json.dumps({**json.loads(last), name: value})]) + "\n")


def test_runs_that_agree_in_all_but_the_clock_do_not_differ(one, other):
    change(other, "clock.seconds", 1e9)
    assert differences(one, other) == ()


def test_another_number_is_told(one, other):
    change(other, "valid.loss", 0.123)
    assert len(differences(one, other)) == 1
    assert "'valid.loss': 0.123" in differences(one, other)[0]


def test_a_missing_row_is_told(one, other):
    log = other / "metrics.jsonl"
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:-1]))
    assert differences(one, other) == ("14 rows were recorded, and 13",)


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
