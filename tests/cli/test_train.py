import json
import shutil
import signal
import subprocess
import sys
import time

import pytest

from kilter.project import branching
from kilter.project.folder import load_run


def test_training_alone_leaves_weights_and_curves(kilter, small_file, tmp_path):
    ended = kilter("train", small_file, "--runs", tmp_path, "--quiet")
    (folder,) = tmp_path.iterdir()
    run = load_run(folder)

    assert ended.code == 0
    assert [stage.name for stage in run.stages] == ["train"]
    assert run.history.step > 0
    assert list((folder / "checkpoints").glob("step-*"))


def test_a_plan_says_what_would_be_done_and_does_nothing(kilter, small_file, tmp_path):
    document = kilter("train", small_file, "--plan", "--json", "--set", "batch.size=16").document

    assert document["plan"]["steps_per_epoch"] == 15
    assert document["plan"]["steps"] == 45
    assert document["plan"]["splits"] == {"train": 240, "valid": 30, "test": 30}
    assert document["plan"]["parameters"] > 0
    assert document["plan"]["recipe"]["model"]["width"] == 8
    assert list(tmp_path.iterdir()) == []
    assert "learning rate" in kilter("train", small_file, "--plan").out


@pytest.mark.parametrize("words", [("kilter.yaml",), ("--plan",), ("--runs", "x"), ("--set", "train.seed=1")])
def test_what_a_resumed_run_cannot_take_is_refused(kilter, words):
    ended = kilter("train", "--resume", "runs/x", *words)

    assert ended.code == 2
    assert "leave" in ended.err


def test_a_run_can_be_gone_on_with(kilter, trained, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(trained.path, folder)
    ended = kilter("train", "--resume", folder, "--json", "--quiet")

    assert ended.code == 0
    assert ended.document["run"] == str(folder)
    assert ended.document["scores"] == kilter("report", trained.path, "--json").document["scores"]


def test_what_is_no_run_cannot_be_gone_on_with(kilter, tmp_path):
    assert kilter("train", "--resume", tmp_path).code == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_writes_a_checkpoint_and_ends_with_130(kilter, small_file, tmp_path, number):
    words = ["train", str(small_file), "--runs", str(tmp_path), "--json", "--quiet", "--set", "train.length=100000st"]
    more = ["--set", "save.every=20st", "--set", "stop.patience=null"]
    process = subprocess.Popen(
        [sys.executable, "-m", "kilter", *words, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 120
    while not list(tmp_path.glob("*/checkpoints/step-*/manifest.json")):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    (folder,) = tmp_path.iterdir()

    assert process.returncode == 130
    assert json.loads(out)["status"] == "interrupted"
    assert err.startswith("Interrupted: interrupted after step")
    assert "kilter train --resume" in err
    assert load_run(folder).status == "interrupted"


def test_a_run_is_lengthened_in_its_folder(kilter, trained, monkeypatch):
    asked = []

    def lengthen(run, to, *, progress):
        asked.append((run, to, progress is not None))
        return trained

    monkeypatch.setattr(branching, "extend", lengthen)
    ended = kilter("train", "--extend", "runs/x", "--to", "20ep", "--json", "--quiet")

    assert ended.code == 0
    assert ended.document["command"] == "train"
    assert asked == [("runs/x", "20ep", True)]


@pytest.mark.parametrize(
    "words",
    [
        ("--extend", "runs/x"),
        ("--to", "20ep"),
        ("--extend", "runs/x", "--to", "20ep", "kilter.yaml"),
        ("--extend", "runs/x", "--to", "20ep", "--plan"),
        ("--extend", "runs/x", "--to", "20ep", "--resume", "runs/x"),
        ("--extend", "runs/x", "--to", "20ep", "--set", "train.seed=1"),
    ],
)
def test_what_a_lengthened_run_cannot_take_is_refused(kilter, words):
    ended = kilter("train", *words)

    assert ended.code == 2
    assert "--extend" in ended.err


def test_a_run_that_knew_its_length_is_not_lengthened(kilter, trained):
    ended = kilter("train", "--extend", trained.path, "--to", "20ep", "--quiet")

    assert ended.code == 2
    assert "kilter cooldown" in ended.err
