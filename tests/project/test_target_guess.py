import pytest

from kilter.project.guess import guess
from kilter.values.errors import DataError
from kilter.values.table import Kind

from .conftest import MORE, NOISE, SENTENCES, N, lines_of, reason


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

    assert guessed.target == (target,)
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

    assert (guessed.target, guessed.task) == ((name,), task)
    assert why in reason(guessed, "task")
    other = {"classification": "regression", "regression": "classification"}[task]
    assert f"--set task={other}" in reason(guessed, "task")


def test_what_is_said_is_not_guessed(write):
    path = write({"x": NOISE, "label": [0, 1] * (N // 2)})
    guessed = guess(path, target="x", task="regression")

    assert (guessed.target, guessed.task) == (("x",), "regression")
    assert "you said so" in reason(guessed, "target")
    assert "you said so" in reason(guessed, "task")


def test_free_text_is_no_target(write):
    words = [f"some words here number {i}" for i in range(N)]

    assert guess(write({"n": NOISE, "text": words})).target == ("n",)


def test_tags_are_told_by_being_as_many_as_the_words(tmp_path):
    lines = [f"Ann{i}\tB-name\nsees\tO\nit\tO\n" for i in range(N)]
    (tmp_path / "train.conll").write_text("\n".join(lines), "utf-8")
    guessed = guess(tmp_path)

    assert (guessed.task, guessed.target, guessed.inputs) == ("tagging", ("tags",), {"tokens": Kind.TOKENS})
    assert "one tag for each word of tokens" in reason(guessed, "task")


def test_lists_of_labels_are_several_labels(tmp_path):
    genres = [["drama"], ["drama", "comedy"], []]
    path = lines_of(tmp_path / "a.jsonl", plot=SENTENCES, genres=[genres[i % 3] for i in range(N)])
    guessed = guess(path)

    assert (guessed.task, guessed.target) == ("multilabel", ("genres",))
    assert guessed.inputs == {"plot": Kind.TEXT}


def test_labels_in_one_cell_are_several_labels(write):
    cells = ["drama|comedy", "drama", "war|drama"] * (N // 3)
    guessed = guess(write({"plot": SENTENCES, "genres": cells}))

    assert (guessed.task, guessed.target) == ("multilabel", ("genres",))
    assert "'|' stands between them" in reason(guessed, "target")


def test_two_texts_and_nothing_else_are_open_and_said_to_be(write):
    guessed = guess(write({"question": SENTENCES, "answer": MORE}))

    assert (guessed.task, guessed.target, guessed.inputs) == ("generation", ("answer",), {"question": Kind.TEXT})
    assert "--set task=contrastive" in reason(guessed, "task")
    assert guess(write({"answer": SENTENCES, "other": MORE})).target == ("answer",)


def test_a_task_that_is_said_decides_the_target(write):
    columns = {"a": SENTENCES, "label": ["u", "v"] * (N // 2), "score": NOISE}

    assert guess(write(columns), task="regression").target == ("score",)
    assert guess(write(columns), task="generation").target == ("a",)
    with pytest.raises(DataError, match="no column could be learnt"):
        guess(write(columns), task="tagging")


@pytest.mark.parametrize(
    ("columns", "task"),
    [
        ({"a": [0, 1] * (N // 2), "b": [1, 0] * (N // 2)}, "multilabel"),
        ({"a": NOISE, "b": NOISE}, "regression"),
        ({"a": NOISE, "b": ["u", "v"] * (N // 2)}, "multitask"),
    ],
)
@pytest.mark.parametrize("target", [("a", "b"), "a,b", "a, b"])
def test_several_columns_are_learnt_together(write, columns, task, target):
    guessed = guess(write({"x": NOISE, **columns}), target=target)

    assert (guessed.target, guessed.task) == (("a", "b"), task)
    assert list(guessed.inputs) == ["x"]
