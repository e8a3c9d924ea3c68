"""`batch: auto` and `lr: auto` on the way of a run: found before the training, once, and numbers from then on."""

import json

import pytest

from kilter.project import flow, seeking
from kilter.project.branching import cooldown, extend
from kilter.project.finding import subject_of
from kilter.project.flow import resume_run, run_project
from kilter.project.folder import load_run
from kilter.project.recording import read_run_project
from kilter.values.batch_suggestion import BatchSuggestion, Budget, Counted, RateScaling, SizeProbe
from kilter.values.errors import DataError, Interrupted
from kilter.values.finding import Finding, Severity
from kilter.values.rate_suggestion import RateProbe, RateSuggestion

OPEN = """\
name: small
task: classification
data: {train: rows.csv, target: label}
model: {name: mlp, width: 8}
batch: {size: auto, accumulate: 2}
lr: auto
schedule: {name: constant}
train: {length: 3ep}
baselines: [majority]
"""
WAY = ["batch-size", "learning-rate", "train"]
WARNING = Finding(code="F201", name="rate-at-edge", severity=Severity.WARNING, seen="At the edge.", advice="Look on.")


def a_size(size=24):
    probes = (SizeProbe(size=64, peak=3 * 2**20, fits=True, said="it fits", steps=3),)
    budget = Budget(bytes=2**30, counts=Counted.RESIDENT, source="the machine", kept_back=0.1)
    scaling = RateScaling(factor=1.5, rule="square root")
    return BatchSuggestion(size=size, largest=64, bounded_by="asked", budget=budget, probes=probes, scaling=scaling)


def a_rate(rate=0.0123456, findings=()):
    probes = (
        RateProbe(rate=rate, steps=5, seed=0, loss=0.5),
        RateProbe(rate=1.0, steps=5, seed=0, loss=float("inf"), diverged=True),
    )
    return RateSuggestion(
        rate=rate, low=0.01, high=0.02, probes=probes, cost=0.3, length=30, stable=True, findings=findings
    )


@pytest.fixture
def finders(monkeypatch):
    """Finders that take no time: what they were asked, and what they answer."""
    asked, answers = [], {"batch": a_size(), "rate": a_rate()}

    def find_size(subject, **options):
        asked.append(("batch", subject.recipe.batch, options["seed"]))
        options["told"]("trying …")
        return answers["batch"]

    def find_rate(subject, **options):
        asked.append(("rate", subject.recipe.batch, options["seed"]))
        return answers["rate"]

    monkeypatch.setattr(seeking, "find_batch_size", find_size)
    monkeypatch.setattr(seeking, "find_learning_rate", find_rate)
    return asked, answers


def numbers(run):
    return run.config["batch"]["size"], run.config["optimizer"]["learning_rate"]


def test_a_run_finds_the_size_then_the_rate_of_such_batches_and_trains_with_both(finders, make_project, tmp_path):
    asked, answers = finders
    project = make_project(tmp_path / "p", "train.seed=7", settings=OPEN)

    run = run_project(project, runs=tmp_path / "runs")

    assert [stage.name for stage in run.stages] == ["audit", "baselines", "preflight", *WAY, "evaluate"]
    assert run.status == "done"
    assert [(what, seed) for what, _, seed in asked] == [("batch", 7), ("rate", 7)]
    assert (asked[1][1].size, asked[1][1].accumulate) == (24, 2)
    assert numbers(run) == (24, 0.0123)
    assert (run.batch_size, run.learning_rate) == (answers["batch"], answers["rate"])
    assert run.plan.largest == 24
    consulted = json.loads((run.path / "consulted.json").read_text("utf-8"))["looks"]
    assert consulted["valid"] == 1 + len(answers["rate"].probes)
    assert max(run.plan.rates) == 0.0123
    assert json.loads((run.path / "batch_size.json").read_text("utf-8"))["size"] == 24
    assert json.loads((run.path / "learning_rate.json").read_text("utf-8"))["probes"][1]["loss"] == "inf"
    skipped = {each.name: each.reason for each in run.stages[2].skipped}
    assert "batches of 64 rows" in skipped["batch-size"]
    assert "0.001" in skipped["learning-rate"]


def test_whoever_reads_the_run_reads_numbers(finders, make_project, tmp_path):
    project = make_project(tmp_path / "p", settings=OPEN)
    run = run_project(project, runs=tmp_path / "runs", stages=("train",))
    recipe = subject_of(read_run_project(run)).recipe

    assert finders[0]
    assert [stage.name for stage in run.stages] == WAY
    assert read_run_project(run).sought == ()
    assert recipe.model_dump(mode="json") == {key: run.config[key] for key in recipe.model_dump()}
    finders[0].clear()
    longer = extend(run, "4ep")
    annealed = cooldown(run, length="1ep")
    assert finders[0] == []
    assert numbers(longer) == numbers(annealed) == numbers(run)
    assert annealed.batch_size == run.batch_size
    assert annealed.learning_rate == run.learning_rate


def test_without_a_rate_to_find_it_stays_and_what_the_batch_would_make_of_it_is_said(finders, make_project, tmp_path):
    project = make_project(tmp_path / "p", "optimizer.learning_rate=0.02", settings=OPEN)

    run = run_project(project, runs=tmp_path / "runs", stages=("train",))

    assert [what for what, *_ in finders[0]] == ["batch"]
    assert numbers(run) == (24, 0.02)
    assert "the learning rate stays 0.02, which this batch would have multiplied by 1.5" in run.stages[0].summary
    assert run.learning_rate is None


@pytest.mark.parametrize("at", WAY)
def test_a_run_that_was_interrupted_goes_on_without_finding_again(finders, make_project, tmp_path, monkeypatch, at):
    asked, _ = finders
    project = make_project(tmp_path / "p", settings=OPEN)

    def interrupted(work):
        raise Interrupted("interrupted", legal="")

    with monkeypatch.context() as patched:
        patched.setattr(flow, "STAGES", {**flow.STAGES, at: interrupted})
        with pytest.raises(Interrupted):
            run_project(project, runs=tmp_path / "runs", stages=("train",))
    (folder,) = (tmp_path / "runs").iterdir()
    run = resume_run(folder)

    assert run.status == "done"
    assert [what for what, *_ in asked] == ["batch", "rate"]
    assert [stage.name for stage in run.stages] == WAY
    assert numbers(run) == (24, 0.0123)


def test_what_was_found_before_a_kill_is_said_again(finders, make_project, tmp_path, monkeypatch):
    asked, _ = finders
    project = make_project(tmp_path / "p", settings=OPEN)

    def killed(work):
        seeking.seek_batch_size(work)
        raise Interrupted("after the number was laid over, before the stage was written down", legal="")

    with monkeypatch.context() as patched:
        patched.setattr(flow, "STAGES", {**flow.STAGES, "batch-size": killed})
        with pytest.raises(Interrupted):
            run_project(project, runs=tmp_path / "runs", stages=("train",))
    (folder,) = (tmp_path / "runs").iterdir()
    run = resume_run(folder)

    assert [what for what, *_ in asked] == ["batch", "rate"]
    assert run.stages[0].summary.endswith("(found before)")


def test_a_suggestion_that_was_lost_is_asked_for(finders, make_project, tmp_path):
    project = make_project(tmp_path / "p", settings=OPEN)
    run = run_project(project, runs=tmp_path / "runs", stages=("train",))
    (run.path / "learning_rate.json").unlink()

    work = flow._work_of(load_run(run.path), None)  # noqa: SLF001 - the way of a resumed run
    with pytest.raises(DataError, match=r"learning_rate\.json is not there"):
        seeking.seek_learning_rate(work)


@pytest.mark.parametrize(("gate", "status"), [("failure", "done"), ("warning", "gated")])
def test_what_is_found_of_a_rate_passes_the_gate_or_stops_there(finders, make_project, tmp_path, gate, status):
    finders[1]["rate"] = a_rate(findings=(WARNING,))
    project = make_project(tmp_path / "p", f"gate.fail_on={gate}", settings=OPEN)

    run = run_project(project, runs=tmp_path / "runs", stages=("train",))

    assert run.status == status
    assert WARNING in run.findings
    assert ("train" in {stage.name for stage in run.stages}) == (status == "done")
    assert load_run(run.path).learning_rate.findings == (WARNING,)


def test_the_real_finder_of_sizes_on_the_way_of_a_run(make_project, tmp_path):
    settings = OPEN.replace("lr: auto\n", "")
    run = run_project(make_project(tmp_path / "p", settings=settings), runs=tmp_path / "runs", stages=("train",))

    assert run.status == "done"
    assert run.batch_size.size == run.config["batch"]["size"] == run.plan.largest
    assert run.batch_size.budget.bytes > 0
    assert (run.path / "report.html").stat().st_size > 1000
