import shutil

import numpy as np
import pytest
import torch

import kilter
from kilter.values.errors import RecipeError, UsageError

ROWS = [{"x": (i * 37 % 101) / 100, "label": "ab"[(i * 37 % 101) > 50]} for i in range(200)]
SETTINGS = {"model": {"name": "mlp", "width": 8}, "train": {"length": "3ep"}}


@pytest.fixture(scope="module")
def pipeline():
    return kilter.make_pipeline(ROWS, target="label", task="classification", settings=SETTINGS)


@pytest.fixture(scope="module")
def fitted(pipeline):
    return kilter.fit(pipeline)


def test_a_pipeline_from_data_in_memory(pipeline):
    assert repr(pipeline) == "Pipeline(classification; train 160, valid 20, test 20)"
    assert pipeline.recipe.model.arguments["width"] == 8


def test_splits_may_be_given(pipeline):
    given = kilter.make_pipeline(
        ROWS[:100], valid=ROWS[100:150], test=ROWS[150:], target="label", task="classification"
    )

    assert {split: len(source) for split, source in given.splits.items()} == {"train": 100, "valid": 50, "test": 50}
    assert given.splits["test"].ids[0] == "test#0"


def test_what_could_be_shown_before_any_run(tmp_path):
    rows = "".join(f"{i},{'ab'[i % 2]}\n" for i in range(200))
    (tmp_path / "rows.csv").write_text("x,label\n" + rows, "utf-8")
    (tmp_path / "kilter.yaml").write_text("task: classification\ndata: {train: rows.csv, target: label}\n", "utf-8")

    found = kilter.detectable(tmp_path, seeds=3)
    assert found == kilter.detectable(found.n, seeds=3)
    assert (found.n, found.seeds) == (20, 3)
    assert kilter.detectable(540).difference < kilter.detectable(540, seeds=2).difference


def test_settings_that_are_wrong_are_said_all_at_once():
    with pytest.raises(RecipeError, match="2 faults"):
        kilter.make_pipeline(ROWS, target="label", task="classification", settings={"modle": 1, "batch": {"size": 0}})
    with pytest.raises(RecipeError, match="no column 'lable'"):
        kilter.make_pipeline(ROWS, target="lable", task="classification")


def test_it_can_be_checked_trained_and_judged(pipeline, fitted):
    assert isinstance(kilter.check(pipeline), kilter.Examination)
    assert isinstance(fitted, kilter.Fitted)
    by_fitted, by_model = kilter.evaluate(pipeline, fitted), kilter.evaluate(pipeline, fitted.model)

    assert by_fitted == by_model
    assert by_fitted["accuracy"].n == 20
    assert kilter.evaluate(pipeline, fitted, split="valid").split == "valid"


def test_thresholds_are_chosen_on_validation_for_what_is_asked(pipeline, fitted):
    costs = {"a": {"b": 1.0}, "b": {"a": 5.0}}
    judged = kilter.evaluate(pipeline, fitted, precision=0.7, costs=costs)

    assert [each.goal for each in judged.thresholds] == ["largest f1", "recall at precision >= 0.7", "smallest cost"]
    assert judged.calibration.n == 20
    assert kilter.evaluate(pipeline, fitted, split="valid").thresholds == ()
    with pytest.raises(UsageError, match="'c'"):
        kilter.evaluate(pipeline, fitted, costs={"c": {"a": 1.0}})


def test_its_training_can_be_rehearsed(pipeline):
    said = kilter.check(pipeline, rehearse=True, effort="quick")

    assert said.seconds["rehearsal"] > 0
    assert "divergence" in said.seconds
    assert "divergence" not in kilter.check(pipeline).seconds


@pytest.mark.parametrize(("rehearse", "seconds"), [(False, 5.0), (True, 0.0)])
def test_a_limit_that_limits_nothing_is_refused(pipeline, rehearse, seconds):
    with pytest.raises(UsageError, match="limits what `rehearse` trains"):
        kilter.check(pipeline, rehearse=rehearse, rehearsal_seconds=seconds)


def test_a_split_that_is_not_there_is_said(pipeline, fitted):
    with pytest.raises(UsageError, match="there are train, valid, test"):
        kilter.evaluate(pipeline, fitted, split="dev")


def test_a_project_goes_the_whole_way(small_file, tmp_path):
    run = kilter.run(small_file, overrides=["train.length=1ep"], runs=tmp_path)

    assert run.status == "done"
    assert kilter.load_run(run.path).evaluations == run.evaluations
    assert kilter.audit(small_file).seconds
    assert kilter.check(small_file).seconds


def test_a_training_is_laid_out_before_its_first_step(pipeline, small_file):
    assert kilter.plan(pipeline).steps == 3 * kilter.plan(pipeline).steps_per_epoch
    read = kilter.read_project(small_file)
    assert kilter.plan(read) == kilter.plan(small_file)
    assert kilter.plan(small_file, overrides=["train.length=7st"]).steps == 7
    with pytest.raises(RecipeError, match="the whole run has 7"):
        kilter.plan(small_file, overrides=["train.length=7st", "schedule.warmup=8st"])


def test_a_run_keeps_its_plan(trained, small_file):
    assert kilter.load_run(trained.path).plan == kilter.plan(small_file)
    assert trained.history.last("train.learning_rate") == trained.plan.rates[-1]
    assert "as planned" in (trained.path / "report.html").read_text("utf-8")


def test_a_project_that_was_read_takes_no_overrides(small_file):
    project = kilter.read_project(small_file)

    assert kilter.audit(project) is not None
    with pytest.raises(UsageError, match="give them to read_project"):
        kilter.audit(project, overrides=["train.seed=1"])


def test_a_data_set_can_be_looked_at(small_file):
    from kilter.project.assembling import load_dataset

    dataset = load_dataset(kilter.read_project(small_file))

    assert kilter.audit(dataset).findings == kilter.audit(small_file).findings


def test_runs_and_predictions_are_compared(trained, tmp_path):
    from kilter.evaluation.storing import read_predictions

    shutil.copytree(trained.path, tmp_path / "b")
    predictions = read_predictions(trained.path / "predictions" / "model.test.jsonl")

    assert kilter.compare(trained, tmp_path / "b").winner is None
    assert kilter.compare(predictions, predictions).difference.value == 0
    with pytest.raises(UsageError, match="two runs, or two predictions"):
        kilter.compare(trained, predictions)
    groups = {name: row // 4 for row, name in enumerate(predictions.ids)}
    assert kilter.compare(predictions, predictions, groups=groups).clusters == len(set(groups.values()))
    with pytest.raises(UsageError, match="groups for runs"):
        kilter.compare(trained, tmp_path / "b", groups=groups)


def test_ways_of_training_are_compared_over_their_seeds(trained, tmp_path):
    for name in "bcd":
        shutil.copytree(trained.path, tmp_path / name)
    made = kilter.compare([trained, tmp_path / "b"], [tmp_path / "c", tmp_path / "d"])

    assert made.dominance.left_seeds == 2
    with pytest.raises(UsageError, match="1 training of"):
        kilter.compare([trained, tmp_path / "b"], tmp_path / "c")


def test_new_rows_are_answered_from_memory_and_from_files(trained, small_file):
    answers = kilter.predict(trained, [{"x": 0.9, "z": 0.5}, {"x": 0.1, "z": 0.5}])

    assert [answer.id for answer in answers] == ["rows#0", "rows#1"]
    assert np.isclose(sum(answers[0].probabilities.values()), 1)
    assert len(kilter.predict(trained.path, small_file.parent / "train.csv")) == 300


def test_a_report_is_written_anew(trained, tmp_path):
    shutil.copytree(trained.path, tmp_path / "b")
    (tmp_path / "b" / "report.html").unlink()

    assert kilter.report(tmp_path / "b") == tmp_path / "b" / "report.html"
    assert kilter.report(kilter.load_run(tmp_path / "b")).exists()


def test_a_report_can_be_written_without_texts(trained, tmp_path):
    shutil.copytree(trained.path, tmp_path / "c")
    mistake = kilter.load_run(tmp_path / "c").evaluation("test").mistakes[0]
    assert mistake.inputs in kilter.report(tmp_path / "c").read_text("utf-8")
    hidden = kilter.report(tmp_path / "c", hide_texts=True).read_text("utf-8")
    assert mistake.inputs not in hidden
    assert f"({len(mistake.inputs)} characters)" in hidden


def test_a_file_that_imports_the_folder_of_reports_leaves_the_function_alone():
    import kilter.report.composing

    assert callable(kilter.report)


@pytest.mark.parametrize("loader", [False, True])
def test_a_pipeline_over_a_pytorch_data_set(loader):
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(60, 1, 8, 8, generator=generator)
    data = torch.utils.data.TensorDataset(images, (images.mean((1, 2, 3)) > 0.5).long())
    given = torch.utils.data.DataLoader(data, batch_size=4) if loader else data
    pipeline = kilter.make_pipeline(given, target="label", task="classification", settings={"model": "cnn"})

    assert {split: len(source) for split, source in pipeline.splits.items()} == {"train": 48, "valid": 6, "test": 6}
    batch = pipeline.splits["train"].plain([0, 1])
    assert batch.inputs["image"].shape == (2, 1, 8, 8)
    assert all(name.startswith("train#") for name in batch.ids)


def test_an_example_of_a_pipeline_is_followed_through(pipeline):
    document = kilter.describe(pipeline, pipeline.splits["test"].ids[1])

    headings = [block.text for block in document.blocks if hasattr(block, "level")]
    assert headings[0] == "1. As it was read"
    assert headings[-1].endswith("The arithmetic of the training")
    with pytest.raises(UsageError, match="no row has the id"):
        kilter.describe(pipeline, "nobody")


def test_an_example_of_a_project_or_a_run_is_followed_through(small, ran):
    fresh = kilter.describe(small)
    trained = kilter.describe(ran, split="train")

    assert "fresh weights" in fresh.blocks[0].text
    assert "the best weights of" in trained.blocks[0].text
    assert kilter.describe(ran.path, split="train") == trained
