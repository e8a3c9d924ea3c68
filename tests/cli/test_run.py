import json
import subprocess
import sys
from pathlib import Path

import pytest

from kilter.project.folder import load_run


def test_the_whole_way_leaves_a_run_and_says_what_may_be_believed(kilter, small_file, tmp_path):
    ended = kilter("run", small_file, "--runs", tmp_path)
    (folder,) = tmp_path.iterdir()

    assert ended.code == 0
    assert f"report: {folder / 'report.html'}" in ended.out
    assert "evaluate done in" in ended.err
    assert "Traceback" not in ended.err
    assert load_run(folder).status == "done"


def test_with_json_stdout_is_one_document(kilter, small_file, tmp_path):
    ended = kilter("run", small_file, "--runs", tmp_path, "--json", "--quiet")
    document = ended.document

    assert ended.err == ""
    assert document["schema"] == 1
    assert document["status"] == "done"
    assert Path(document["run"]).parent == tmp_path
    assert document["split"] == "test"
    assert {"value", "low", "high", "n"} <= set(document["scores"]["accuracy"])
    assert document["scores"]["accuracy"]["n"] == 30
    assert Path(document["report"]).exists()
    assert (document["comparison"]["left"], document["comparison"]["split"]) == ("model", "test")
    assert [rung["left"] for rung in document["ladder"]][-1] == "model"
    assert {rung["split"] for rung in document["ladder"]} == {"test"}
    assert document["untrained"][0]["name"] == "accuracy"


def test_a_finding_stops_the_way_unless_the_gate_is_off(kilter, tmp_path):
    rows = [f"{i % 13},{'ab'[i % 2]},{'ab'[i % 2]}" for i in range(200)]
    (tmp_path / "d.csv").write_text("\n".join(["x,copy,label", *rows]), "utf-8")
    path = tmp_path / "kilter.yaml"
    path.write_text(
        "task: classification\ndata: {train: d.csv, target: label}\nmodel: {name: mlp, width: 8}\n"
        "train: {length: 2ep}\nbaselines: [majority]\n",
        "utf-8",
    )
    stopped = kilter("run", path, "--fail-on", "warning", "--json", "--quiet")
    assert stopped.code == 1
    assert stopped.document["status"] == "gated"
    assert any("target_leak" in finding["causes"] for finding in stopped.document["findings"])
    assert stopped.document["scores"] == {}
    assert (stopped.document["comparison"], stopped.document["ladder"], stopped.document["untrained"]) == (
        None,
        [],
        None,
    )

    went_on = kilter("run", path, "--gate", "off", "--json", "--quiet")
    assert went_on.code == 0
    assert went_on.document["findings"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ("--set", "optimizer.lr=1"),
            2,
            "--set optimizer.lr=1 optimizer.lr: unknown key; did you mean 'learning_rate'?",
        ),
        (("--set", "data.target=lable"), 2, "did you mean 'label'?"),
        (("--set", "data.train=none.csv"), 3, "does not exist"),
        (("--set", "task=regression"), 3, "column 'label'"),
        (("--set", "baselines=linaer"), 2, "did you mean 'linear'?"),
        (("--set", "tracking.mirrors=wandb"), 2, "tracking.mirrors"),
    ],
)
def test_what_cannot_be_run_is_said_in_words(kilter, small_file, words, code, said):
    ended = kilter("run", small_file, *words)

    assert ended.code == code
    assert said in ended.err
    assert ended.out == ""


def test_as_a_process_it_ends_with_the_code_and_nothing_else_on_stdout(small_file, tmp_path):
    command = [sys.executable, "-m", "kilter", "run", str(small_file), "--runs", str(tmp_path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0
    assert json.loads(done.stdout)["command"] == "run"
    assert "train done in" in done.stderr
