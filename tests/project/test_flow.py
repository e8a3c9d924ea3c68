import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.torch import load_file

from kilter.evaluation.storing import read_predictions
from kilter.project import flow
from kilter.project.flow import audit_project, check_project, evaluate_run, resume_run, run_project
from kilter.project.folder import load_run
from kilter.project.stages import Said
from kilter.values.errors import DataError, Interrupted, KilterError, RecipeError, TrainingError, UsageError

STAGES = ["audit", "baselines", "preflight", "train", "evaluate"]
TEXTS = """\
name: texts
task: classification
data: {train: rows.csv, target: label, inputs: {text: text}}
model: bag
train: {length: 10ep}
baselines: [majority]
"""
LONG = ("train.length=1500st", "train.evaluate_every=100st", "save.every=100st")


def strict(text):
    """JSON without the words that are none."""

    def refuse(word):
        message = f"{word} is no JSON"
        raise AssertionError(message)

    return json.loads(text, parse_constant=refuse)


def metrics_of(folder):
    """The rows but their clock; and by step the measurements of layers, whose steps hang on the clock."""
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text("utf-8").splitlines()]
    layers = {row["step"]: row for row in rows if row.pop("layers.every", None)}
    for row in rows:
        for key in [key for key in row if key.startswith("clock.")]:
            del row[key]
    return [row for row in rows if row is not layers.get(row["step"]) and len(row) > 1], layers  # no mere accounts


def weights_of(folder):
    """All that the newest checkpoint holds of the model, to the bit."""
    newest = max((folder / "checkpoints").glob("step-*"))
    tensors = load_file(newest / "model.safetensors")
    return newest.name, {name: tensor.numpy().tobytes() for name, tensor in tensors.items()}


def results_of(folder):
    """Scores and comparisons, without what was spent, which is in seconds and counts the runs beside it."""
    results = json.loads((folder / "evaluation.json").read_text("utf-8"))
    spent = ("left_effort", "right_effort")
    told = {
        name: [{key: value for key, value in each.items() if key not in spent} for each in results[name]]
        for name in ("comparisons", "ladder")
    }
    return {**results, **told}


def only_run(runs):
    (folder,) = runs.iterdir()
    return folder


def same_result(left, right):
    """The same curves, weights, scores, comparisons and predictions."""
    (rows, layers), (others, other_layers) = metrics_of(left), metrics_of(right)
    assert rows == others
    both = layers.keys() & other_layers.keys()
    assert both
    assert all(layers[step] == other_layers[step] for step in both)
    assert weights_of(left) == weights_of(right)
    assert results_of(left) == results_of(right)
    predictions = sorted(path.name for path in (left / "predictions").iterdir())
    assert predictions == sorted(path.name for path in (right / "predictions").iterdir())
    for name in predictions:
        assert (left / "predictions" / name).read_bytes() == (right / "predictions" / name).read_bytes()


def test_the_whole_way(ran):
    assert ran.status == "done"
    assert [(stage.name, stage.status) for stage in ran.stages] == [(name, "done") for name in STAGES]
    assert {(e.model, e.split) for e in ran.evaluations} == {
        ("model", "train"),
        *((model, split) for model in ("majority", "linear", "model") for split in ("valid", "test")),
    }
    assert {(c.left, c.right, c.split) for c in ran.comparisons} == {
        ("model", right, split) for right in ("majority", "linear") for split in ("valid", "test")
    }
    assert ran.history.step == 36  # 192 rows of 240, 16 a batch, 3 epochs
    assert ran == load_run(ran.path)


def test_a_runs_folder_holds_what_it_should_and_nothing_pickled(ran):
    files = {str(path.relative_to(ran.path)) for path in ran.path.rglob("*") if path.is_file()}
    newest = "checkpoints/step-00000036"

    assert files >= {
        "kilter.yaml",
        "config.json",
        "environment.json",
        "run.json",
        "metrics.jsonl",
        "preprocessing.json",
        "task.json",
        "evaluation.json",
        "walkthrough.json",
        "report.html",
        "interpretation.md",
        "checkpoints/best.json",
        *(f"{newest}/{name}" for name in ("model.safetensors", "optimizer.safetensors", "state.json", "manifest.json")),
        *(f"predictions/{m}.{s}.jsonl" for m in ("majority", "linear", "model") for s in ("valid", "test")),
    }
    assert {Path(name).suffix for name in files} == {".yaml", ".json", ".jsonl", ".html", ".md", ".safetensors"}
    for name in files:
        text = (ran.path / name).read_bytes()
        if name.endswith(".json"):
            assert strict(text)
        elif name.endswith(".jsonl"):
            assert [strict(line) for line in text.splitlines()]
        assert not text.startswith((b"\x80", b"PK"))  # a pickle, or torch's zip of one


def test_a_run_can_be_repeated_to_the_bit(small, ran, tmp_path):
    again = run_project(small, runs=tmp_path)

    same_result(ran.path, again.path)


def test_texts_go_the_same_way(make_project, tmp_path):
    words = ["red", "green", "blue", "cyan", "pink", "gold", "grey", "teal"]
    lines = [f"{words[i % 8]} {words[i % 8 // 4 * 4 + i % 3]},{'ab'[i % 8 < 4]}" for i in range(200)]
    run = run_project(make_project(tmp_path, rows="\n".join(["text,label", *lines, ""]), settings=TEXTS))

    assert run.status == "done"
    assert run.path.parent == tmp_path / "runs"
    assert run.evaluation("test").primary.value > 0.9


def test_amounts_go_the_same_way(make_project, tmp_path):
    rows = "\n".join(["x,z,label", *(f"{i % 17},{i * 7 % 23},{2 * (i % 17) - i * 7 % 23 + 0.5}" for i in range(200))])
    run = run_project(make_project(tmp_path, "task=regression", "baselines=[mean]", rows=rows))

    assert run.status == "done"
    assert [score.name for score in run.evaluation("test").scores][:2] == ["r2", "rmse"]


@pytest.fixture
def one_class(make_project, tmp_path):
    """What a project over rows of one class becomes, laid over with settings."""
    rows = "\n".join(["x,z,label", *(f"{i % 17},{i % 5},a" for i in range(100))])

    def make(*overrides):
        return make_project(tmp_path / "one", *overrides, rows=rows)

    return make


def test_a_failure_stops_the_way_and_the_report_tells(one_class, tmp_path):
    run = run_project(one_class(), runs=tmp_path / "runs")

    assert run.status == "gated"
    assert [(stage.name, stage.status) for stage in run.stages] == [("audit", "gated")]
    assert any(finding.severity.word == "failure" for finding in run.findings)
    page = (run.path / "report.html").read_text("utf-8")
    assert run.findings[0].code in page
    assert not (run.path / "checkpoints").exists()
    assert run.evaluations == ()


def test_with_the_gate_off_what_cannot_be_done_fails_in_its_stage(one_class, tmp_path):
    with pytest.raises(DataError, match="all 80 targets are 'a'"):
        run_project(one_class("gate.fail_on=off"), runs=tmp_path / "runs")
    run = load_run(only_run(tmp_path / "runs"))

    assert run.status == "failed"
    assert [(stage.name, stage.status) for stage in run.stages] == [("audit", "done"), ("baselines", "failed")]
    assert "all 80 targets" in run.stages[-1].summary
    assert "all 80 targets" in (run.path / "report.html").read_text("utf-8")


def test_a_gate_may_be_stricter_or_off(make_project, tmp_path):
    rows = "\n".join(["x,z,label", *(f"{i % 97},5,{'ab'[i % 97 > 50]}" for i in range(240))])  # z is constant
    (warned,) = [
        run_project(make_project(tmp_path / "strict", "gate.fail_on=warning", rows=rows), stages=("audit", "baselines"))
    ]
    off = run_project(make_project(tmp_path / "off", "gate.fail_on=off", rows=rows), stages=("audit", "baselines"))

    assert (warned.status, [stage.name for stage in warned.stages]) == ("gated", ["audit"])
    assert max(finding.severity for finding in warned.findings).word == "warning"
    assert (off.status, [stage.name for stage in off.stages]) == ("done", ["audit", "baselines"])
    assert off.stages[0].findings == warned.stages[0].findings


def test_a_model_that_raises_is_found_by_preflight(make_project, own_model, tmp_path):
    name = own_model("raises_at_once", "raise ValueError('no such luck')")
    run = run_project(make_project(tmp_path, f"model={name}"), stages=("preflight", "train"))

    assert run.status == "gated"
    assert {(finding.code, finding.where) for finding in run.findings} == {("P100", ("raises_at_once.py:11",))}
    assert "ValueError: no such luck" in (run.path / "report.html").read_text("utf-8")


def test_a_model_that_raises_in_training_is_told_by_its_place(make_project, own_model, tmp_path):
    name = own_model("raises_later", "raise KeyError('no such luck')")
    project = make_project(tmp_path, f"model={name}")

    with pytest.raises(TrainingError) as raised:
        run_project(project, stages=("train",), runs=tmp_path / "runs")
    folder = only_run(tmp_path / "runs")
    run = load_run(folder)
    assert "'raises_later:Net' failed during train, at raises_later.py:11, in forward: KeyError" in str(raised.value)
    assert isinstance(raised.value.__cause__, KeyError)
    assert "raises_later.py" in (folder / "trace.txt").read_text("utf-8")
    assert run.status == "failed"
    assert "failed during train" in (folder / "report.html").read_text("utf-8")


@pytest.mark.parametrize("fault", ["raise RuntimeError('luck')", "1 / 0", "{}['luck']"])
def test_a_model_that_cannot_be_made_is_a_fault_of_the_recipe(make_project, own_model, tmp_path, fault):
    name = own_model("not_made", "return self.layer(numbers)", before=fault)

    with pytest.raises(RecipeError, match="cannot be made"):
        run_project(make_project(tmp_path, f"model={name}"), stages=("train",))
    sys.modules.pop("not_made")


def test_a_module_that_cannot_be_imported_is_a_fault_of_the_recipe(make_project, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "broken_module.py").write_text("def f(:\n", "utf-8")

    with pytest.raises(RecipeError, match="cannot be imported: SyntaxError"):
        check_project(make_project(tmp_path, "model=broken_module:Net"))


def test_a_model_with_too_many_logits_is_refused_in_words(make_project, own_model, tmp_path):
    name = own_model("too_wide", "return torch.cat([self.layer(numbers)] * 2, dim=1)")

    with pytest.raises(UsageError, match=r"shape \(\d+, 2\), one logit a class"):
        run_project(make_project(tmp_path, f"model={name}"), stages=("train",))


def test_a_mistake_of_kilters_stays_what_it_is_and_the_run_says_that_it_failed(small, tmp_path, monkeypatch):
    def broken(work):
        return Said(str(1 / 0))

    monkeypatch.setattr(flow, "STAGES", {"audit": broken})
    with pytest.raises(ZeroDivisionError):
        run_project(small, runs=tmp_path, stages=("audit",))
    run = load_run(only_run(tmp_path))
    assert (run.status, run.stages[0].status) == ("failed", "failed")
    assert run.stages[0].summary == "ZeroDivisionError: division by zero"
    assert (run.path / "report.html").exists()


def test_an_interruption_between_trainings_is_one_of_the_run(small, tmp_path, monkeypatch):
    def interrupted(work):
        raise KeyboardInterrupt

    monkeypatch.setattr(flow, "STAGES", {"audit": interrupted})
    with pytest.raises(Interrupted, match="during audit"):
        run_project(small, runs=tmp_path, stages=("audit",))
    assert load_run(only_run(tmp_path)).status == "interrupted"


def test_a_file_that_cannot_be_read_leaves_no_run_behind(make_project, tmp_path):
    project = make_project(tmp_path, rows="x,z,label\n1,2\n")

    with pytest.raises(DataError):
        run_project(project)
    assert not (tmp_path / "runs").exists()


def start(project, runs):
    """A run in a process of its own, once it has trained for a while."""
    code = (
        "import sys\nfrom kilter.project.flow import run_project\nfrom kilter.project.reading import read_project\n"
        f"run_project(read_project({str(project.path)!r}, {LONG!r}), runs={str(runs)!r})"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 120
    while not list(runs.glob("*/checkpoints/step-*[1-9]*/manifest.json")):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < until
        time.sleep(0.01)
    return process


@pytest.fixture(scope="module")
def uninterrupted(small, tmp_path_factory):
    """The long run of the small project."""
    from kilter.project.reading import read_project

    return run_project(read_project(small.path, LONG), runs=tmp_path_factory.mktemp("long"))


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_was_stopped_and_resumed_is_the_run_that_never_was(small, uninterrupted, tmp_path, stop):
    process = start(small, tmp_path)
    process.send_signal(stop)
    said = process.communicate(timeout=120)[1]
    folder = only_run(tmp_path)
    stopped = load_run(folder)

    assert process.returncode != 0
    assert stopped.history.step < 1500
    if stop is signal.SIGINT:
        assert "Interrupted: interrupted after step" in said
        assert stopped.status == "interrupted"
        assert (folder / "report.html").exists()
    resumed = resume_run(folder)
    assert resumed.status == "done"
    assert [stage.name for stage in resumed.stages] == STAGES
    same_result(uninterrupted.path, folder)


def copied(run, tmp_path):
    return Path(shutil.copytree(run.path, tmp_path / "copy"))


def test_other_data_refuse_to_be_gone_on_with(make_project, tmp_path):
    project = make_project(tmp_path, "train.length=1ep")
    run = run_project(project, stages=("train",))
    path = tmp_path / "rows.csv"
    path.write_text(path.read_text("utf-8").replace(",a\n", ",b\n", 1), "utf-8")

    for again in (resume_run, evaluate_run):
        with pytest.raises(UsageError, match="have changed since: train"):
            again(run.path)
    assert load_run(run.path) == run


def test_another_model_refuses_the_weights(make_project, own_model, tmp_path):
    name = own_model("changes", "return self.layer(numbers)")
    run = run_project(make_project(tmp_path, f"model={name}", "train.length=1ep"), stages=("train",))
    path = tmp_path / "changes.py"
    path.write_text(path.read_text("utf-8").replace("self.layer", "self.other"), "utf-8")
    sys.modules.pop("changes")

    for again in (resume_run, evaluate_run):
        with pytest.raises(UsageError, match="are those of another model"):
            again(run.path)
    sys.modules.pop("changes")


def test_a_run_without_checkpoints_begins_its_training_when_it_is_gone_on_with(small, tmp_path):
    run = run_project(small, runs=tmp_path, stages=("audit",))

    with pytest.raises(UsageError, match="no trained weights"):
        evaluate_run(run.path)
    resumed = resume_run(run.path)
    assert resumed.status == "done"
    assert [stage.name for stage in resumed.stages] == ["audit", "train"]  # nobody asked for an evaluation


@pytest.mark.parametrize("name", STAGES[:4])
def test_a_run_that_was_interrupted_in_any_stage_goes_on_as_if_it_had_not(small, ran, tmp_path, monkeypatch, name):
    def interrupted(work):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(flow, "STAGES", {**flow.STAGES, name: interrupted})
        with pytest.raises(Interrupted, match=f"during {name}") as raised:
            run_project(small, runs=tmp_path)
    folder = only_run(tmp_path)
    assert raised.value.run == folder
    assert load_run(folder).status == "interrupted"
    resumed = resume_run(folder)
    assert [stage.name for stage in resumed.stages] == STAGES
    same_result(ran.path, folder)


def test_a_run_that_was_killed_before_its_first_step_goes_on_too(small, ran, tmp_path):
    folder = copied(ran, tmp_path)
    shutil.rmtree(folder / "checkpoints")  # what a kill leaves that came before the first one was whole
    resume_run(folder)
    same_result(ran.path, folder)


def test_sigterm_interrupts_in_every_stage(small, tmp_path, monkeypatch):
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(flow, "STAGES", {"audit": lambda _work: signal.raise_signal(signal.SIGTERM)})
    with pytest.raises(Interrupted, match="during audit"):
        run_project(small, runs=tmp_path, stages=("audit",))
    assert signal.getsignal(signal.SIGTERM) is before


def test_evaluating_again_gives_the_same_scores(ran, tmp_path):
    folder = copied(ran, tmp_path)
    for name in ("evaluation.json", "report.html"):
        (folder / name).unlink()
    shutil.rmtree(folder / "predictions")
    again = evaluate_run(folder)

    same_result(ran.path, folder)
    assert again.status == "done"
    assert sorted(stage.name for stage in again.stages) == sorted(STAGES)
    assert (folder / "report.html").exists()


def test_a_finished_run_that_is_resumed_stays_what_it_was(ran, tmp_path):
    folder = copied(ran, tmp_path)

    assert resume_run(folder).status == "done"
    same_result(ran.path, folder)


def test_contradictions_are_left_out_and_it_is_said(make_project, tmp_path):
    rows = [f"{i % 50},{i % 3},{'ab'[i % 50 > 25]}" for i in range(150)]
    rows += [f"{i},9,{label}" for i in range(6) for label in "ab"]  # twelve rows that contradict each other
    rows = "\n".join(["x,z,label", *rows, ""])
    run = run_project(
        make_project(tmp_path, "data.leave_out=contradictions", rows=rows), stages=("audit", "train", "evaluate")
    )

    assert run.status == "done"
    assert "12 left out (contradictions), which leaves train" in run.stages[0].summary
    (finding,) = [finding for finding in run.stages[0].findings if "contradict" in finding.name]
    assert finding.severity.word == "note"
    assert "data.leave_out" in finding.advice
    lines = (run.path / "predictions" / "model.test.jsonl").read_text("utf-8").splitlines()
    ids = {json.loads(line).get("id") for line in lines}
    assert not ids & {f"rows.csv:{line}" for line in range(152, 164)}


@pytest.mark.parametrize(
    ("split", "there"),
    [
        ("{valid: 0, test: 0.2}", {"train", "test"}),
        ("{valid: 0.2, test: 0}", {"train", "valid"}),
        ("{valid: 0, test: 0}", {"train"}),
    ],
)
def test_splits_may_be_missing(make_project, tmp_path, split, there):
    run = run_project(make_project(tmp_path, f"data.split={split}", "baselines=[majority]", "train.length=1ep"))

    assert run.status == "done"
    assert set(run.environment["data"]) == there
    assert {evaluation.split for evaluation in run.evaluations} == (there if len(there) > 1 else set())
    assert (run.path / "report.html").exists()
    summaries = {stage.name: stage.summary for stage in run.stages}
    if there == {"train"}:
        assert summaries["baselines"] == "no rows were put aside to measure baselines on"
        assert summaries["evaluate"] == "no rows were put aside to judge by"


def test_without_baselines_the_report_says_that_none_was_measured(make_project, tmp_path):
    run = run_project(make_project(tmp_path, "baselines=[]", "train.length=1ep"))

    assert run.status == "done"
    assert run.comparisons == ()
    assert {stage.name: stage.summary for stage in run.stages}["baselines"] == "no baseline was asked for"
    assert "No baseline stands beside the network" in (run.path / "report.html").read_text("utf-8")


def test_a_loss_that_is_no_number_fails_and_is_not_evaluated(make_project, own_model, tmp_path):
    name = own_model("diverges", "return self.layer(numbers) * float('nan')")
    run = run_project(make_project(tmp_path, f"model={name}"), stages=("train", "evaluate"))

    assert run.status == "failed"
    assert [stage.name for stage in run.stages] == ["train"]
    strict((run.path / "run.json").read_text("utf-8"))
    for line in (run.path / "metrics.jsonl").read_text("utf-8").splitlines():
        strict(line)


def test_audit_and_preflight_alone_leave_nothing_behind(make_project, tmp_path):
    project = make_project(tmp_path)

    assert audit_project(project).seconds
    assert check_project(project).seconds
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kilter.yaml", "rows.csv"]


def test_every_error_of_the_way_is_one_of_kilters(make_project, own_model, tmp_path):
    for number, raised in enumerate(("ValueError", "RuntimeError", "StopIteration", "AssertionError", "MemoryError")):
        name = own_model(f"raises_{number}", f"raise {raised}('luck')")
        with pytest.raises(KilterError, match=f"{raised}: luck"):
            run_project(make_project(tmp_path, f"model={name}"), stages=("train",))


def test_what_training_said_and_took_stands_in_the_run_and_its_report(ran):
    """Of the same examples at each evaluation; the account is that of the steps that were made."""
    assert [sampled.step for sampled in ran.samples] == ran.history["valid.loss"].steps.tolist()
    assert len({tuple(sample.id for sample in sampled.samples) for sampled in ran.samples}) == 1
    predicted = read_predictions(ran.path / "predictions" / "model.valid.jsonl")
    assert {sample.id for sample in ran.samples[0].samples} < {*predicted.ids}
    assert ran.cost.steps == ran.history.step
    assert ran.cost.examples == ran.history.last("clock.examples")
    page = (ran.path / "report.html").read_text("utf-8")
    assert "Outputs while training" in page
    assert "examples a second" in next(stage.summary for stage in ran.stages if stage.name == "train")
