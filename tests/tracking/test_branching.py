import json
from dataclasses import replace

import pytest
from safetensors.torch import load_file

from kilter.tracking.branching import branch, departing
from kilter.tracking.fitting import fit
from kilter.training.continuing import changed, cooled
from kilter.training.itinerary import Itinerary
from kilter.values.duration import Duration
from kilter.values.errors import DataError, UsageError

EVERY = {"every": "4st", "keep": "all"}


@pytest.fixture
def trunk(make_pipeline, tmp_path):
    pipeline = make_pipeline(
        dropout=0.2, noise=0.1, schedule={"name": "constant", "warmup": "2st"}, train={"length": "5ep"}, save=EVERY
    )
    fit(pipeline, folder=tmp_path / "trunk")
    (tmp_path / "child").mkdir()
    return pipeline


def rows(folder):
    """What the steps were, in their order."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text("utf-8").splitlines()]
    return [{k: v for k, v in row.items() if k.startswith("train.")} for row in lines if "train.loss" in row]


def test_a_branch_goes_on_as_the_whole_run_would_have(trunk, tmp_path):
    start = departing(tmp_path / "trunk", 12)
    digest = branch(tmp_path / "trunk", tmp_path / "child", start)
    changes = cooled(trunk.recipe, Itinerary(trunk.splits["train"], trunk.recipe), step=12, length=Duration(25, "%"))
    pipeline = replace(trunk, recipe=changed(trunk.recipe, changes))
    child = fit(pipeline, folder=tmp_path / "child", resume=True)
    fit(pipeline, folder=tmp_path / "whole")

    assert len(digest) == 64
    assert child.step == 16
    assert rows(tmp_path / "child") == rows(tmp_path / "whole")
    for name in ("model.safetensors", "optimizer.safetensors"):
        ours, theirs = (
            load_file(tmp_path / side / "checkpoints" / "step-00000016" / name) for side in ("child", "whole")
        )
        assert {key: t.numpy().tobytes() for key, t in ours.items()} == {
            key: t.numpy().tobytes() for key, t in theirs.items()
        }


def test_a_branch_takes_along_what_was_recorded_up_to_there_and_leaves_the_trunk(trunk, tmp_path):
    (tmp_path / "trunk" / "tensorboard").mkdir()
    (tmp_path / "trunk" / "tensorboard" / "events").write_bytes(b"x")
    before = {path: path.read_bytes() for path in (tmp_path / "trunk").rglob("*") if path.is_file()}
    start = departing(tmp_path / "trunk", 12)
    branch(tmp_path / "trunk", tmp_path / "child", start)

    assert {path: path.read_bytes() for path in (tmp_path / "trunk").rglob("*") if path.is_file()} == before
    assert len(rows(tmp_path / "child")) == 12
    shown = [json.loads(line)["step"] for line in (tmp_path / "child" / "samples.jsonl").read_text().splitlines()]
    assert shown == [0, 4, 8, 12]
    kept = {path.name for path in (tmp_path / "child" / "checkpoints").glob("step-*")}
    assert kept == {"step-00000012", f"step-{start.best:08d}"}
    assert (tmp_path / "child" / "tensorboard" / "events").read_bytes() == b"x"


def test_without_a_step_it_is_the_newest(trunk, tmp_path):
    assert departing(tmp_path / "trunk").step == 20


def test_what_is_not_there_is_said(trunk, tmp_path):
    with pytest.raises(UsageError, match=r"no whole checkpoint of step 13.*20, 16, 12.*keep: all"):
        departing(tmp_path / "trunk", 13)
    with pytest.raises(UsageError, match="has no checkpoint"):
        departing(tmp_path / "child")


def test_a_best_one_that_is_missing_is_said(trunk, tmp_path):
    start = departing(tmp_path / "trunk", 20)
    best = 20 if start.best is None else start.best
    other = next(step for step in (4, 8, 12, 16, 20) if step != best)
    start = departing(tmp_path / "trunk", other)
    lost = start.path.parent / f"step-{start.best:08d}" / "model.safetensors"
    lost.write_bytes(lost.read_bytes()[:-1])
    with pytest.raises((DataError, UsageError), match="no whole checkpoint"):
        departing(tmp_path / "trunk", other)


def test_weights_alone_are_no_place_to_go_on_from(make_pipeline, tmp_path):
    fit(make_pipeline(train={"length": "2ep"}, save={"content": "weights"}), folder=tmp_path)
    with pytest.raises(UsageError, match="weights alone"):
        departing(tmp_path, 8)


def test_a_record_that_does_not_reach_the_checkpoint_is_said(trunk, tmp_path):
    log = tmp_path / "trunk" / "metrics.jsonl"
    lines = log.read_text("utf-8").splitlines(keepends=True)
    log.write_text("".join(line for line in lines if json.loads(line)["step"] <= 10), "utf-8")
    with pytest.raises(DataError, match=r"ends at step 10.*step 12"):
        branch(tmp_path / "trunk", tmp_path / "child", departing(tmp_path / "trunk", 12))
