import json
from dataclasses import replace
from pathlib import Path

import pytest

from kilter.cli.ending import best, ending, ending_text, following
from kilter.cli.result import run_result
from kilter.values.expectation import Expectation, Expected, Judgement, Ruling
from kilter.values.history import History
from kilter.values.json_form import dumps
from kilter.values.run import Run, Stage

HISTORY = History.of(
    (step, {"valid.loss": loss, "valid.accuracy": right})
    for step, loss, right in [(0, 1.0, 0.2), (10, 0.4, 0.9), (20, 0.5, 0.8)]
)


def run(status, *done, **more):
    stages = tuple(Stage(name=name, status="done", seconds=1.0, summary="") for name in done)
    return Run(path=Path("runs/a b"), status=status, stages=stages, **more)


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (run("interrupted"), "kilter train --resume 'runs/a b'"),
        (run("running", "audit"), "kilter train --resume 'runs/a b'"),
        (run("done", "train"), "kilter evaluate 'runs/a b'"),
        (run("done", "train", "evaluate"), "kilter predict 'runs/a b' FILE"),
        (run("done", "audit"), "kilter train --resume 'runs/a b'"),
        (run("failed", "audit", history=HISTORY), "kilter diagnose 'runs/a b'"),
        (
            run("failed", history=HISTORY.until(0), config={"origin": {"project": "/p/kilter.yaml"}}),
            "mend it, then kilter run /p/kilter.yaml",
        ),
        (run("failed", config={"origin": {"project": "/p/kilter.yaml"}}), "mend it, then kilter run /p/kilter.yaml"),
        (
            run("gated", config={"origin": {"project": "/p/kilter.yaml"}}),
            "mend what was found, then kilter run /p/kilter.yaml (--gate off goes on as it is)",
        ),
    ],
)
def test_the_next_command_follows_from_how_it_ended(ended, said):
    assert following(ended) == said


def test_no_training_goes_on_from_weights_alone():
    config = {"save": {"content": "weights"}, "origin": {"project": "p.yaml"}}
    assert following(run("interrupted", history=HISTORY, config=config)) == "kilter train p.yaml"
    assert following(run("interrupted", config=config)) == "kilter train --resume 'runs/a b'"
    assert following(run("interrupted", "train", history=HISTORY, config=config)) == "kilter train --resume 'runs/a b'"


def test_the_best_score_is_that_by_which_the_run_chose_its_weights():
    assert best(run("interrupted")) == "nothing was evaluated yet"
    assert best(run("interrupted", history=HISTORY)) == "valid.loss 0.4 at step 10 of 20"
    by_accuracy = run("interrupted", history=HISTORY, config={"stop": {"metric": "valid.accuracy", "mode": "min"}})
    assert best(by_accuracy) == "valid.accuracy 0.2 at step 0 of 20"


def test_the_last_lines_say_where_it_is(tmp_path):
    ended = replace(run("interrupted", history=HISTORY), path=tmp_path)
    assert list(ending(ended)) == ["run", "best", "next"]
    (tmp_path / "report.html").write_text("", "utf-8")
    assert ending_text(ended).splitlines() == [
        f"run: {tmp_path} (interrupted)",
        "best: valid.loss 0.4 at step 10 of 20",
        f"next: kilter train --resume {tmp_path}",
        f"report: {tmp_path / 'report.html'}",
    ]


def test_a_real_run_ends_with_them_on_stdout_and_in_its_document(kilter, trained):
    said = kilter("report", trained.path).out.splitlines()[-4:]
    assert [line.split(":")[0] for line in said] == ["run", "best", "next", "report"]
    assert said[2] == f"next: kilter predict {trained.path} FILE"
    document = kilter("report", trained.path, "--json").document
    assert document["next"] == said[2].removeprefix("next: ")
    assert document["best"] == said[1].removeprefix("best: ")


def test_what_was_expected_stands_before_what_comes_next():
    accuracy = Expectation.read("accuracy", ">= 0.9")
    judgement = Judgement(expectation=accuracy, ruling=Ruling.MET, seen="0.95 [0.93, 0.97] on test, n = 400")
    expected = Expected(fingerprint="ab", expectations=(accuracy,), judgements=(judgement,))

    assert list(ending(run("done", expected=expected))) == ["run", "best", "expected", "next"]
    assert ending(run("done", expected=expected))["expected"] == "met: accuracy >= 0.9"
    assert "expected" not in ending(run("done"))
    document = json.loads(dumps(run_result("run", run("done", expected=expected))))
    assert document["expected"]["judgements"][0]["ruling"] == "met"
    assert run_result("run", run("done"))["expected"] is None
