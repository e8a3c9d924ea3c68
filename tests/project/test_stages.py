from dataclasses import replace

import numpy as np
import pytest

from kilter.project.assembling import load_dataset
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

    assert said.summary.startswith("test: accuracy")
    assert [c.right for c in work.comparisons if c.split == "test"] == ["majority", "linear"]
    assert all(c.adjusted_p_value is not None for c in work.comparisons)
    assert {c.difference.name for c in work.comparisons} == {"accuracy"}
    mistakes = next(e for e in work.evaluations if (e.model, e.split) == ("model", "test")).mistakes
    assert all(mistake.inputs for mistake in mistakes)


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
