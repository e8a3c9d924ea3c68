from pathlib import Path

import numpy as np
import pytest

from kilter.project.guess import guess
from kilter.project.initial import compose_project
from kilter.project.reading import parse_project
from kilter.values.errors import DataError, UsageError
from kilter.values.table import Kind

from .conftest import NOISE, N, reason


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
        ({"text": [f"some words here {i}" for i in range(N)], "label": ["v"] * N}, "holds one value only, 'v'"),
        ({"x": NOISE, "label": [""] * N}, "holds no value at all"),
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
    assert (guessed.target, guessed.task) == (("y",), "classification")


def test_a_text_file_is_continued(tmp_path):
    (tmp_path / "train.txt").write_text("To be, or not to be. " * 99, "utf-8")
    guessed = guess(tmp_path / "train.txt")

    assert (guessed.task, guessed.target, guessed.inputs) == ("generation", ("text",), {"text": Kind.TEXT})


def test_what_was_noticed_while_reading_is_said(tmp_path):
    (tmp_path / "a.csv").write_text("x;y\n1,5;2\n2,5;3\n", "utf-8")
    guessed = guess(tmp_path / "a.csv")

    assert guessed.notes[0] == "a.csv: fields are parted by semicolons"
    assert "noted: a.csv: numbers have decimal commas" in str(guessed)


def test_images_in_class_folders_are_inputs(tmp_path):
    image = pytest.importorskip("PIL.Image")
    for number in range(4):
        folder = tmp_path / "pets" / ("cats", "dogs")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        image.fromarray(np.full((4, 4), number, np.uint8)).save(folder / f"{number}.png")
    guessed = guess(tmp_path / "pets")

    assert (guessed.task, guessed.target, guessed.inputs) == ("classification", ("label",), {"image": Kind.IMAGE})


@pytest.mark.parametrize(
    ("name", "task", "target", "columns"),
    [
        ("adult", "classification", "income", (14, ())),
        ("banking77", "classification", "label", (["text"], ())),
        ("bike_sharing", "regression", "count", (15, ("instant",))),
        ("boolq_small", "classification", "label", (["text_a", "text_b"], ())),
        ("california_housing", "regression", "median_house_value", (9, ())),
        ("cifar10_small", "classification", "label", (["image"], ())),
        ("mammography", "classification", "y", (6, ())),
        ("mnist10k", "classification", "y", (["x"], ())),
        ("restaurants8k", "tagging", "tags", (["tokens"], ())),
        ("sick", "classification", "label", (["text_a", "text_b"], ("score",))),
        ("sst2", "classification", "label", (["text"], ())),
        ("tinyshakespeare", "generation", "text", (["text"], ())),
        ("trec6", "classification", "label", (["text"], ("fine_label",))),
        ("tweet_emotion", "classification", "label", (["text"], ())),
        ("wnut17", "tagging", "tags", (["tokens"], ())),
    ],
)
def test_known_data_sets_are_guessed(shared, name, task, target, columns):
    inputs, ignored = columns
    guessed = guess(shared / "data" / name)

    assert (guessed.target, guessed.task) == ((target,), task)
    assert (list(guessed.inputs) if isinstance(inputs, list) else len(guessed.inputs)) == inputs
    assert guessed.ignore == ignored
    assert list(guessed.files) == ["train", "valid", "test"]
    project = parse_project(compose_project(guessed, folder=Path()), path=Path("kilter.yaml"))
    assert project.file.data.target == (target,)
    assert project.file.task == task
