import shutil

import pytest

from kilter.evaluation.storing import read_predictions
from kilter.project.answering import answer_file, load_predictor
from kilter.values.errors import DataError, UsageError


def test_answers_are_those_of_the_run_on_the_same_rows(trained, small_file):
    stored = read_predictions(trained.path / "predictions" / "model.test.jsonl")
    answers = {answer.id: answer for answer in answer_file(trained.path, small_file.parent / "train.csv")}

    assert len(answers) == 300
    for name, row in zip(stored.ids, stored.answer.tolist(), strict=True):
        assert list(answers[name].probabilities.values()) == pytest.approx(row, rel=1e-5, abs=1e-7)


def test_a_run_serves_as_well_as_its_folder(trained):
    assert repr(load_predictor(trained)) == "Predictor('label' from x, z)"


def test_what_was_not_trained_cannot_answer(trained, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(trained.path, folder)
    shutil.rmtree(folder / "checkpoints")

    with pytest.raises(UsageError, match="has no trained weights"):
        load_predictor(folder)
    with pytest.raises(UsageError, match="is no run"):
        load_predictor(tmp_path)


@pytest.mark.parametrize("name", ["task.json", "preprocessing.json", "config.json"])
def test_a_broken_file_is_said(trained, tmp_path, name):
    folder = tmp_path / "copy"
    shutil.copytree(trained.path, folder)
    (folder / name).write_text("{}", "utf-8")

    with pytest.raises(DataError):
        load_predictor(folder)
