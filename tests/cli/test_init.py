import pytest

from kilter.project.reading import read_project


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [f"{i / 7:.3f},{i % 3}" for i in range(60)]
    (tmp_path / "rows.csv").write_text("\n".join(["x,rating", *lines]), "utf-8")
    return tmp_path


def test_the_guess_is_said_with_its_reasons_and_written(kilter, data):
    ended = kilter("init", "rows.csv")

    assert ended.code == 0
    assert (
        "task: regression\n    since rating holds 3 different numbers from 0 to 2; few whole numbers may be"
        in ended.out
    )
    assert "--set task=classification" in ended.out
    assert read_project(data).file.task == "regression"


def test_the_guess_can_be_overruled_and_added_to(kilter, data):
    ended = kilter("init", "rows.csv", "--set", "task=classification", "--set", "train.seed=3", "--to", "other.yaml")

    assert ended.code == 0
    project = read_project(data / "other.yaml")
    assert project.file.task == "classification"
    assert project.given == {"train": {"seed": 3}}


def test_the_document_holds_the_guess(kilter, data):
    document = kilter("init", "rows.csv", "--json").document

    assert document["wrote"] == "kilter.yaml"
    assert {"about": "target", "taken": "rating"}.items() <= document["guess"][1].items()


def test_a_file_that_is_there_is_not_overwritten(kilter, data):
    (data / "kilter.yaml").write_text("mine", "utf-8")

    ended = kilter("init", "rows.csv")
    assert ended.code == 2
    assert "there already" in ended.err
    assert (data / "kilter.yaml").read_text("utf-8") == "mine"
    assert kilter("init", "rows.csv", "--force").code == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("none.csv",), 2),
        (("rows.csv", "--set", "data.target=none"), 2),
        (("rows.csv", "--set", "optimizer.rate=1"), 2),
        (("bad.csv",), 3),
    ],
)
def test_what_cannot_be_guessed_leaves_no_file(kilter, data, words, code):
    (data / "bad.csv").write_bytes(b"\x00\x01\x02")

    assert kilter("init", *words).code == code
    assert not (data / "kilter.yaml").exists()
