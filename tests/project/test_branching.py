import json

import pytest
from safetensors.torch import load_file

import kilter
from kilter.project.branching import cooldown, extend, read_step
from kilter.project.flow import resume_run, run_project
from kilter.project.folder import load_run
from kilter.values.errors import Interrupted, UsageError

CONSTANT = (
    "schedule.name=constant",
    "schedule.warmup=10%",
    "model.dropout=0.2",
    "augment.noise=0.1",
    "batch.size=12",
    "batch.accumulate=2",
    "save.keep=all",
    "train.length=6ep",  # of 8 steps
    "train.evaluate_every=8st",
    "save.every=8st",
)


STAGES = ("baselines", "train", "evaluate")


def without(words, *names):
    return [word for word in words if word.split("=")[0] not in names]


def rows_of(run):
    """What was recorded, but for the clock and the layers, whose steps hang on it."""
    rows = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text("utf-8").splitlines()]
    kept = [
        {name: value for name, value in row.items() if not name.startswith("clock.")}
        for row in rows
        if "layers.every" not in row
    ]
    return [row for row in kept if len(row) > 1]


def checkpoint_of(run, step):
    folder = run.path / "checkpoints" / f"step-{step:08d}"
    files = ("model.safetensors", "optimizer.safetensors")
    return {(name, key): tensor.numpy().tobytes() for name in files for key, tensor in load_file(folder / name).items()}


@pytest.fixture(scope="module")
def trunk(make_project, tmp_path_factory):
    """A run at a constant rate; not to be changed."""
    project = make_project(tmp_path_factory.mktemp("small"), *CONSTANT)
    return run_project(project, runs=tmp_path_factory.mktemp("runs"), stages=STAGES)


@pytest.fixture
def copied(trunk, tmp_path):
    """The same, to be changed."""
    import shutil

    return load_run(shutil.copytree(trunk.path, tmp_path / "runs" / trunk.name))


@pytest.mark.parametrize("shape", ["one_minus_sqrt", "linear"])
def test_a_cooldown_is_the_run_that_its_schedule_would_have_made(trunk, make_project, tmp_path, shape):
    child = cooldown(trunk.path, step=32, length="20%", shape=shape, runs=tmp_path / "runs")
    same = (
        *without(CONSTANT, "schedule.name", "schedule.warmup", "train.length"),
        "schedule.name=wsd",
        "schedule.warmup=5st",
        "schedule.cooldown=8st",
        f"schedule.shape={shape}",
        "train.length=40st",
    )
    whole = run_project(make_project(tmp_path / "small", *same), runs=tmp_path / "whole", stages=STAGES)

    assert child.status == whole.status == "done"
    assert child.history.step == whole.history.step == 40
    assert rows_of(child) == rows_of(whole)
    assert checkpoint_of(child, 40) == checkpoint_of(whole, 40)
    assert [str(e.primary) for e in child.evaluations] == [str(e.primary) for e in whole.evaluations]
    assert child.samples == whole.samples
    recipes = [
        {key: value for key, value in run.config.items() if key not in {"origin", "stop"}} for run in (child, whole)
    ]
    assert recipes[0] == recipes[1]


def test_a_cooldown_leaves_its_run_as_it_is_and_knows_it(trunk, tmp_path):
    def contents():
        return {path: path.read_bytes() for path in trunk.path.rglob("*") if path.is_file()}

    before = contents()
    child = kilter.cooldown(trunk, step=40, length="4st", runs=tmp_path)

    assert contents() == before
    parent = child.config["origin"]["parent"]
    assert (parent["run"], parent["step"]) == (str(trunk.path.resolve()), 40)
    assert len(parent["digest"]) == 64
    assert [stage.name for stage in child.stages] == [stage.name for stage in trunk.stages]
    assert {e.model for e in child.evaluations} == {e.model for e in trunk.evaluations}
    assert child.evaluation("test") is not None
    assert (child.path / "report.html").exists()
    assert "origin.parent.step" in (child.path / "report.html").read_text("utf-8")


def test_the_newest_checkpoint_is_the_place_unless_another_is_named(trunk, tmp_path):
    child = cooldown(trunk, length="1ep", runs=tmp_path)

    assert child.config["origin"]["parent"]["step"] == 48
    assert child.history.step == 56
    rates = child.history["train.learning_rate"].values
    assert rates[48] == rates[47] == max(rates)
    assert 0 < rates[-1] < rates[-2] < rates[48]


def test_patience_does_not_end_a_cooldown(make_project, tmp_path):
    impatient = (*CONSTANT, "stop.patience=1", "stop.minimum_difference=5.0")
    run = run_project(make_project(tmp_path / "small", *impatient), runs=tmp_path / "runs", stages=("train",))
    assert run.history.step < 48

    child = cooldown(run, length="10st")

    assert child.history.step == run.history.step + 10
    assert child.path.parent == run.path.parent
    with pytest.raises(UsageError, match=r"has not improved.*kilter cooldown"):
        extend(run, "20ep")


def test_a_cooldown_can_be_interrupted_and_gone_on_with(trunk, tmp_path, monkeypatch):
    from kilter.project import flow

    def die(_work):
        raise KeyboardInterrupt

    monkeypatch.setattr(flow, "STAGES", {**flow.STAGES, "train": die})
    with pytest.raises(Interrupted):
        cooldown(trunk, step=40, length="4st", runs=tmp_path)
    monkeypatch.undo()
    (folder,) = tmp_path.iterdir()
    ended = resume_run(folder)

    assert ended.status == "done"
    assert rows_of(ended) == rows_of(cooldown(trunk, step=40, length="4st", runs=tmp_path / "other"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"step": 33}, r"no whole checkpoint of step 33.*there are: .*48.*keep: all"),
        ({"step": 0}, "the warm-up ends at step 5"),
        ({"length": "20min"}, "a share of the run"),
        ({"length": "100%"}, "a share of the run"),
        ({"length": "0st"}, "a share of the run"),
        ({"length": "long"}, "a cooldown for long: 'long' is no duration"),
        ({"length": 5}, "a cooldown for 5: a duration has a unit, such as '5ep' or '5st'"),
        ({"shape": "cosine"}, "one_minus_sqrt or linear"),
    ],
)
def test_what_no_cooldown_can_be_is_refused(trunk, tmp_path, wrong, said):
    with pytest.raises(UsageError, match=said):
        cooldown(trunk, runs=tmp_path, **wrong)
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_that_vanishes_leaves_no_half_run(copied, tmp_path):
    (copied.path / "metrics.jsonl").unlink()
    with pytest.raises(kilter.KilterError, match="ends at step 0"):
        cooldown(copied, step=40, runs=tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


def test_an_extended_run_is_the_run_of_the_new_length(copied, make_project, tmp_path):
    ended = extend(copied, "8ep")
    same = (*without(CONSTANT, "schedule.warmup", "train.length"), "schedule.warmup=5st", "train.length=8ep")
    whole = run_project(make_project(tmp_path / "small", *same), runs=tmp_path / "whole", stages=STAGES)

    assert ended.path == copied.path
    assert ended.status == "done"
    assert ended.config["train"]["length"] == "8ep"
    assert ended.config["origin"]["extended"] == [{"step": 48, "from": "6ep", "to": "8ep"}]
    assert rows_of(ended) == rows_of(whole)
    assert checkpoint_of(ended, 64) == checkpoint_of(whole, 64)
    assert extend(ended, "70st").history.step == 70


def test_a_run_goes_on_only_for_longer(copied):
    with pytest.raises(UsageError, match=r"--to 5ep is step 40, and 48 steps were made"):
        extend(copied, "5ep")
    with pytest.raises(UsageError, match=r"--to 0.001s, and the 48 steps that were made took"):
        extend(copied, "0.001s")
    with pytest.raises(UsageError, match="in all"):
        extend(copied, "20%")


def test_weights_alone_are_not_lengthened_and_the_run_stays_as_it_was(make_project, tmp_path):
    words = (*without(CONSTANT, "train.length"), "train.length=8st", "save.content=weights")
    project = make_project(tmp_path / "small", *words)
    ended = run_project(project, runs=tmp_path / "runs", stages=("train",))
    before = (ended.path / "config.json").read_bytes()

    with pytest.raises(UsageError, match="weights alone"):
        extend(ended, "2ep")
    assert (ended.path / "config.json").read_bytes() == before


def test_a_run_whose_rate_hangs_on_its_length_is_neither_annealed_nor_lengthened(ran):
    with pytest.raises(UsageError, match=r"rate is not constant.*schedule: constant"):
        cooldown(ran)
    with pytest.raises(UsageError, match=r"hangs on the length.*train.length=9ep.*kilter cooldown"):
        extend(ran, "9ep")


def test_a_cooldown_that_has_begun_is_not_lengthened_but_an_earlier_checkpoint_is(trunk, tmp_path):
    child = cooldown(trunk, step=40, length="8st", runs=tmp_path)

    with pytest.raises(UsageError, match="goes down from step 40 on"):
        extend(child, "9ep")
    with pytest.raises(UsageError, match="goes down from step 40 on"):
        cooldown(child, step=48, length="8st")
    assert cooldown(child, step=40, length="4st").history.step == 44


def test_a_place_is_a_step_or_the_last():
    assert read_step("step:12") == 12
    assert read_step("last") is None
    with pytest.raises(UsageError, match="step:4000"):
        read_step("12")
