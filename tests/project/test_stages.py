from dataclasses import replace

import numpy as np
import pytest

from kilter.logs.metrics_jsonl import read_log
from kilter.project.assembling import load_dataset
from kilter.project.consulting import consult
from kilter.project.progress import Silence
from kilter.project.recording import begin_record
from kilter.project.stages import (
    Work,
    audit,
    best_baseline,
    judge,
    measure_baselines,
    preflight,
    recall_baselines,
    restore_model,
    settled,
    train,
)
from kilter.values.errors import UsageError
from kilter.values.evaluation import Evaluation, Measures
from kilter.values.finding import Examination, Finding, Severity
from kilter.values.score import Score


@pytest.fixture
def make_work(tmp_path):
    def make(project):
        folder = tmp_path / "run"
        folder.mkdir()
        dataset = load_dataset(project)
        begin_record(folder, project, dataset)
        return Work(project=project, folder=folder, progress=Silence(), dataset=dataset)

    return make


@pytest.fixture
def work(small, make_work):
    return make_work(small)


def evaluation(model, split, value, *, larger_is_better=True):
    score = Score(name="s", value=value, low=None, high=None, n=9, larger_is_better=larger_is_better)
    return Evaluation(model=model, split=split, measures=Measures(scores=(score,)))


def finding(name, severity=Severity.WARNING):
    return Finding(code="D1", name=name, severity=severity, seen="Seen.", advice="Do.")


def test_the_audit_says_how_many_rows_there_are(work):
    said = audit(work)

    assert said.summary.startswith("train 192, valid 24, test 24 rows")
    assert ". A test split of 24 rows can show differences in accuracy of 30.9 points or more" in said.summary
    assert said.examination.seconds
    assert not said.failed


def test_what_is_gone_since_stays_as_a_note_and_what_is_left_stays_as_it_is():
    before = Examination(findings=(finding("gone", Severity.FAILURE), finding("stays")), seconds={"gone": 1.0})
    after = settled(before, Examination(findings=(finding("stays"), finding("new"))))

    assert {each.name: each.severity for each in after.findings} == {
        "stays": Severity.WARNING,
        "new": Severity.WARNING,
        "gone": Severity.NOTE,
    }
    assert next(each for each in after.findings if each.name == "gone").advice.endswith("(data.leave_out).")
    assert after.seconds == before.seconds


def test_the_pipeline_is_made_once(work):
    assert work.assembled() is work.assembled()
    assert (work.folder / "task.json").exists()


def test_baselines_are_measured_on_what_was_put_aside(work):
    said = measure_baselines(work)

    assert list(work.baselines) == ["majority", "linear"]
    assert {(e.model, e.split) for e in work.evaluations} == {
        (model, split) for model in ("majority", "linear") for split in ("valid", "test")
    }
    assert best_baseline(work) == "linear"
    assert said.summary.startswith("the best of majority, linear is linear: accuracy")
    assert "looks better than it is" not in said.summary  # the other one is far behind, and was never chosen
    assert (work.efforts["majority"].trials, work.efforts["linear"].trials) == (0, 3)
    target = work.assembled().splits["test"].targets
    counts = np.bincount(work.assembled().splits["train"].targets)
    majority = next(e for e in work.evaluations if (e.model, e.split) == ("majority", "test"))
    assert majority["accuracy"].value == pytest.approx((target == counts.argmax()).mean())


def test_baselines_come_back_from_a_run_as_they_were(ran, work):
    measure_baselines(work)
    measured, evaluations = dict(work.baselines), work.evaluations
    work.baselines, work.evaluations = {}, ()
    recall_baselines(work, replace(ran, path=work.folder))

    assert work.evaluations == evaluations
    assert work.baselines.keys() == measured.keys()
    for name, by_split in work.baselines.items():
        for split, predictions in by_split.items():
            assert np.array_equal(predictions.answer, measured[name][split].answer)
            assert predictions.ids == measured[name][split].ids


def test_trees_that_cannot_read_the_inputs_are_said(make_project, make_work, tmp_path):
    rows = "\n".join(["text,label", *(f"word{i} and {i % 7},{'ab'[i % 2]}" for i in range(120))])
    settings = (
        "task: classification\ndata: {train: rows.csv, target: label, inputs: {text: text}}\n"
        "model: bag\nbaselines: [boosted]\n"
    )
    project = make_project(tmp_path / "p", rows=rows, settings=settings)

    assert measure_baselines(make_work(project)).summary == "boosted can read no such inputs"


def test_preflight_counts_what_found_nothing(work):
    said = preflight(work)

    assert said.summary == f"{len(said.examination.seconds)} of {len(said.examination.seconds)} checks found nothing"


def test_what_was_trained_is_judged_beside_the_baselines(work):
    measure_baselines(work)
    assert train(work).summary.startswith("36 steps (all steps done); the weights are those of step ")
    said = judge(work)

    chosen = {each.split: each.chosen for each in work.evaluations if each.model == "model"}
    assert chosen["test"] is chosen["train"] is None
    assert chosen["valid"].metric == "valid.loss"
    assert 1 <= chosen["valid"].close <= chosen["valid"].evaluations
    assert said.summary.startswith("test: accuracy")
    assert [c.right for c in work.comparisons if c.split == "test"] == ["majority", "linear"]
    assert all(c.adjusted_p_value is not None for c in work.comparisons)
    assert {c.difference.name for c in work.comparisons} == {"accuracy"}
    rungs = [(c.left, c.right, c.split) for c in work.ladder]
    steps = (("linear", "majority"), ("model", "linear"))
    assert rungs == [(*step, split) for split in ("valid", "test") for step in steps]
    assert {c.compared for c in work.ladder} == {2}
    assert all(c.left_effort is not None for c in work.ladder)
    mistakes = next(e for e in work.evaluations if (e.model, e.split) == ("model", "test")).mistakes
    assert all(mistake.inputs for mistake in mistakes)


def test_what_the_network_could_do_before_its_first_step_is_measured_on_the_rows_that_judge(work):
    measure_baselines(work)
    train(work)
    judge(work)
    begun = read_log(work.folder / "metrics.jsonl").history["valid.accuracy"]
    assert begun.steps[0] == 0
    assert work.untrained.split == "test"
    work.dataset = replace(work.dataset, splits={name: work.dataset[name] for name in ("train", "valid")})
    work.evaluations, work.comparisons, work.ladder = (), (), ()
    judge(work)
    assert work.untrained.split == "valid"
    assert work.untrained["accuracy"].value == pytest.approx(float(begun.values[0]))
    assert work.untrained["accuracy"].low is not None


def test_rows_of_one_group_are_compared_as_one(make_project, make_work, tmp_path):
    lines = [f"{(i * 37 % 101) / 100},{'ab'[(i * 37 % 101 + i % 7) > 50]},p{i // 6}" for i in range(240)]
    settings = (
        "task: classification\ndata: {train: rows.csv, target: label, group: who}\n"
        "model: {name: mlp, width: 8}\ntrain: {length: 2ep}\nbaselines: [majority]\n"
    )
    work = make_work(make_project(tmp_path / "p", rows="\n".join(["x,label,who", *lines, ""]), settings=settings))
    said = audit(work)
    measure_baselines(work)
    train(work)
    judge(work)
    (comparison,) = [each for each in work.comparisons if each.split == "test"]

    assert comparison.test == "cluster permutation test"
    assert comparison.clusters == len(set(work.dataset["test"].columns["who"].tolist())) < comparison.difference.n
    assert f"in {comparison.clusters} groups" in said.summary
    assert (work.folder / "predictions" / "groups.test.json").exists()


def test_a_test_that_was_worn_out_is_found(work):
    measure_baselines(work)
    train(work)
    for _ in range(24):
        consult(work.folder, "test")

    assert "split-consulted-often" in {each.name for each in judge(work).examination.findings}


def test_the_best_weights_come_back_to_the_bit(work):
    train(work)
    trained = {name: tensor.numpy().tobytes() for name, tensor in work.model.state_dict().items()}
    work.model = None
    restore_model(work)

    assert {name: tensor.numpy().tobytes() for name, tensor in work.model.state_dict().items()} == trained


def test_without_a_model_there_is_nothing_to_judge(work):
    assert judge(work).failed
    with pytest.raises(UsageError, match="has no trained weights"):
        restore_model(work)


def test_the_best_baseline_is_chosen_by_validation_and_its_own_direction(work):
    work.evaluations = (
        evaluation("a", "valid", 0.5),
        evaluation("b", "valid", 0.7),
        evaluation("a", "test", 0.9),
        evaluation("model", "valid", 0.99),
    )
    assert best_baseline(work) == "b"

    work.evaluations = tuple(evaluation(n, "valid", v, larger_is_better=False) for n, v in (("a", 0.5), ("b", 0.7)))
    assert best_baseline(work) == "a"

    work.evaluations = ()
    assert best_baseline(work) is None


def test_probabilities_are_calibrated_and_thresholds_chosen_on_validation(ran):
    valid, test = (ran.evaluation(split) for split in ("valid", "test"))

    assert sum(each.n for each in test.calibration.bins) == test.calibration.n == test.primary.n
    assert [each.goal for each in test.thresholds] == ["largest f1", "recall at precision >= 0.9"]
    assert {each.chosen_on for each in test.thresholds} == {"valid"}
    assert valid.calibration is not None
    assert valid.calibration.cooled is None
    assert valid.thresholds == ()
    assert all(each.calibration is None for each in ran.evaluations if each.model != "model")


def test_costs_of_other_classes_are_refused_before_anything_is_trained(make_project, make_work, tmp_path):
    project = make_project(tmp_path / "p", "thresholds.costs={a: {c: 5}}")

    with pytest.raises(UsageError, match="'c'"):
        make_work(project).assembled()


def test_costs_and_the_precision_of_the_file_are_what_thresholds_are_chosen_for(make_project, make_work, tmp_path):
    work = make_work(
        make_project(tmp_path / "p", "thresholds.costs={a: {b: 5}}", "thresholds.precision=0.8", "train.length=1ep")
    )
    train(work)
    judge(work)
    chosen = next(each for each in work.evaluations if (each.model, each.split) == ("model", "test")).thresholds

    assert [each.goal for each in chosen] == ["largest f1", "recall at precision >= 0.8", "smallest cost"]
