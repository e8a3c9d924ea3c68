import csv
import io
import json

import pytest


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("x,z\n0.9,0.1\n0.1,0.2\n,0.3\n", "utf-8")
    return path


def test_answers_go_to_stdout_as_csv(kilter, trained, rows):
    ended = kilter("predict", trained.path, rows)
    answers = list(csv.DictReader(io.StringIO(ended.out)))

    assert ended.code == 0
    assert [answer["id"] for answer in answers] == ["new.csv:2", "new.csv:3", "new.csv:4"]
    assert answers[0]["prediction"] in {"a", "b"}
    assert float(answers[0]["probability of a"]) + float(answers[0]["probability of b"]) == pytest.approx(1)


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_or_to_a_file(kilter, trained, rows, tmp_path, ending):
    path = tmp_path / f"answers.{ending}"
    ended = kilter("predict", trained.path, rows, "--to", path)

    assert ended.out == f"3 answers in {path}\n"
    assert len(path.read_text("utf-8").splitlines()) == (4 if ending == "csv" else 3)
    if ending == "jsonl":
        assert set(json.loads(path.read_text("utf-8").splitlines()[0])) == {"id", "prediction", "probabilities"}


def test_or_into_the_document(kilter, trained, rows):
    document = kilter("predict", trained.path, rows, "--json").document

    assert document["n"] == 3
    assert set(document["predictions"][0]["probabilities"]) == {"a", "b"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x\n1\n", "'z'"),
        ("x,z\nred,1\n", "a.csv:2"),
        ("", "is empty"),
    ],
)
def test_rows_that_do_not_fit_are_said(kilter, trained, tmp_path, text, said):
    (tmp_path / "a.csv").write_text(text, "utf-8")
    ended = kilter("predict", trained.path, tmp_path / "a.csv")

    assert ended.code == 3
    assert said in ended.err


def test_what_cannot_be_written_is_said_before_time_is_spent(kilter, trained, rows, tmp_path):
    assert "ends in '.xlsx'" in kilter("predict", trained.path, rows, "--to", tmp_path / "a.xlsx").err
    assert kilter("predict", trained.path, rows, "--to", tmp_path / "none" / "a.csv").code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [(("--beams", "2"), "models of generation write"), (("--seed", "1"), "only draws have a seed")],
)
def test_a_manner_of_writing_where_nothing_is_written_is_wrong_usage(kilter, trained, rows, words, said):
    ended = kilter("predict", trained.path, rows, *words)

    assert ended.code == 2
    assert said in ended.err
