import csv

import numpy as np
import pytest

from kilter.project.guess import guess
from kilter.values.errors import DataError, UsageError
from kilter.values.table import Kind


@pytest.fixture
def write(tmp_path):
    def one(columns, name="data.csv"):
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))
        return path

    return one


def reason(guessed, about):
    return next(str(each) for each in guessed.reasons if each.about == about)


N = 60
NOISE = [round(0.37 * i % 7.3, 3) for i in range(N)]


@pytest.mark.parametrize(
    ("names", "target"),
    [
        (("label", "x", "z"), "label"),
        (("x", "Target", "z"), "Target"),
        (("y", "x", "z"), "y"),
        (("price", "x", "z"), "price"),
        (("x", "house_price", "z"), "house_price"),
        (("x", "z", "w"), "w"),
        (("score", "label", "z"), "label"),
    ],
)
def test_the_target_is_told_by_its_name_or_is_the_last(write, names, target):
    guessed = guess(write(dict.fromkeys(names, NOISE)))

    assert guessed.target == target
    assert "--set data.target=COLUMN" in reason(guessed, "target")


@pytest.mark.parametrize(
    ("name", "values", "task", "why"),
    [
        ("label", ["a", "b", "c"], "classification", "3 different words"),
        ("label", [0, 1, 2], "classification", "may be classes or amounts"),
        ("rating", [1, 2, 3, 4, 5], "regression", "may be classes or amounts"),
        ("count", [0, 1, 2], "regression", "may be classes or amounts"),
        ("outcome", [0, 1], "classification", "two values only"),
        ("y", [0.5, 1.5, 2.25], "regression", "fractions"),
        ("y", list(range(30)), "regression", "whole numbers"),
    ],
)
def test_the_task_is_told_by_the_targets_values_and_never_in_silence(write, name, values, task, why):
    column = [values[i % len(values)] for i in range(N)]
    guessed = guess(write({"x": NOISE, name: column}))

    assert (guessed.target, guessed.task) == (name, task)
    assert why in reason(guessed, "task")
    other = {"classification": "regression", "regression": "classification"}[task]
    assert f"--set task={other}" in reason(guessed, "task")


def test_what_is_said_is_not_guessed(write):
    path = write({"x": NOISE, "label": [0, 1] * (N // 2)})
    guessed = guess(path, target="x", task="regression")

    assert (guessed.target, guessed.task) == ("x", "regression")
    assert "you said so" in reason(guessed, "target")
    assert "you said so" in reason(guessed, "task")


def test_inputs_are_of_the_kind_they_look_like(write):
    words = [f"some words here number {i}" for i in range(N)]
    guessed = guess(write({"text": words, "colour": ["red", "blue"] * (N // 2), "n": NOISE, "y": [0, 1] * (N // 2)}))

    assert guessed.inputs == {"text": Kind.TEXT, "colour": Kind.CATEGORY, "n": Kind.NUMBER}


def test_columns_that_number_rows_or_name_other_labels_are_left_out_and_said(write):
    columns = {
        "id": list(range(N)),
        "same": ["x"] * N,
        "fine_label": ["a", "b", "c"] * (N // 3),
        "n": NOISE,
        "label": ["u", "v"] * (N // 2),
    }
    guessed = guess(write(columns))

    assert guessed.ignore == ("id", "same", "fine_label")
    assert list(guessed.inputs) == ["n"]
    assert "fine_label is named like another label" in reason(guessed, "left out")


def test_free_text_is_no_target(write):
    words = [f"some words here number {i}" for i in range(N)]

    assert guess(write({"n": NOISE, "text": words})).target == "n"


def test_missing_splits_are_said(write):
    guessed = guess(write({"x": NOISE, "y": NOISE}))

    assert "valid and test will be put aside from train" in reason(guessed, "files")
    assert guessed.described["train"].startswith("CSV with commas")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"x": NOISE}, "has one column"),
        ({"a": ["u"] * N, "b": ["v"] * N}, "no column could be learnt"),
        ({"y": NOISE, "same": ["v"] * N}, "nothing to learn from"),
    ],
)
def test_data_that_hold_nothing_to_learn_are_refused(write, columns, said):
    with pytest.raises(DataError, match=said):
        guess(write(columns))


def test_a_target_that_is_not_there_is_refused_with_what_was_meant(write):
    with pytest.raises(UsageError, match="did you mean 'label'"):
        guess(write({"x": NOISE, "label": NOISE}), target="lable")
    with pytest.raises(UsageError, match="did you mean 'regression'"):
        guess(write({"x": NOISE, "label": NOISE}), task="regresion")


def test_pages_show_the_guess_and_never_run_it(write):
    page = guess(write({"<script>": NOISE, "label": ["u", "v"] * (N // 2)}))._repr_html_()

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_images_are_inputs(tmp_path):
    np.savez(tmp_path / "train.npz", x=np.zeros((30, 8, 8), np.uint8), y=np.arange(30) % 10)
    guessed = guess(tmp_path)

    assert guessed.inputs == {"x": Kind.IMAGE}
    assert (guessed.target, guessed.task) == ("y", "classification")


@pytest.mark.parametrize(
    ("name", "target", "task"),
    [
        ("trec6", "label", "classification"),
        ("sst2", "label", "classification"),
        ("banking77", "label", "classification"),
        ("adult", "income", "classification"),
        ("mammography", "y", "classification"),
        ("california_housing", "median_house_value", "regression"),
        ("bike_sharing", "count", "regression"),
        ("mnist10k", "y", "classification"),
    ],
)
def test_known_data_sets_are_guessed(shared, name, target, task):
    guessed = guess(shared / "data" / name)

    assert (guessed.target, guessed.task) == (target, task)
    assert list(guessed.files) == ["train", "valid", "test"]
