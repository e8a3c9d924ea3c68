import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.project.guess import guess
from kilter.project.initial import compose_project
from kilter.project.located import read_yaml
from kilter.project.reading import parse_project
from kilter.values.errors import RecipeError


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    for split, rows in (("train", 40), ("test", 20)):
        lines = [f"{i},{i % 3 + 0.5},{'ab'[i % 2]},{i % 4}" for i in range(rows)]
        (folder / f"{split}.csv").write_text("\n".join(["id,n,label,yes", *lines]), "utf-8")
    return folder


GOLDEN = """\
# Written by `kilter init`; `kilter run` goes the whole way from here to a report.

# Guessed, since label holds 2 different words. Else: `--set task=regression`.
task: classification

data:
  train: data/train.csv # CSV with commas, UTF-8: 40 rows, 4 columns
  test: data/test.csv # CSV with commas, UTF-8: 20 rows, 4 columns
  # split: {valid: 0.1, test: 0.1} # put aside from train, in proportion to the target

  # Guessed, since the name says so. Another one: `--set data.target=COLUMN`.
  target: label

  inputs: # text, number, category, image or tokens
    n: number
    yes: number
  # Guessed, since id numbers the rows. Take a column out of `data.ignore`, and put it into
  # `data.inputs`, to learn from it.
  ignore: [id]

"""


def test_the_draft_says_each_guess_and_is_a_legal_project(data):
    text = compose_project(guess(data), folder=data.parent)

    assert text.startswith(GOLDEN)
    project = parse_project(text, path=data.parent / "kilter.yaml")
    assert project.file.data.inputs == {"n": "number", "yes": "number"}
    assert project.given == {}


def test_what_is_commented_out_is_legal_when_it_is_not(data):
    text = compose_project(guess(data), folder=data.parent)
    head, _, tail = text.partition("# model:")
    lines = [line.removeprefix("# ") for line in ("# model:" + tail).splitlines()]
    project = parse_project("\n".join([head, *lines]), path=data.parent / "kilter.yaml")

    assert set(project.given) == {"model", "batch", "optimizer", "train", "stop"}


def test_what_is_set_is_written_and_comments_stay(data):
    said = ["optimizer.learning_rate=3e-4", "model=mlp", "model.width=8", "data.inputs.n=category"]
    text = compose_project(guess(data), folder=data.parent, overrides=said)
    project = parse_project(text, path=data.parent / "kilter.yaml")

    assert project.file.optimizer.learning_rate == 3e-4
    assert project.given["model"] == {"name": "mlp", "width": 8}
    assert project.file.data.inputs["n"] == "category"
    assert "# Guessed, since label holds 2 different words." in text


def test_what_no_project_may_hold_is_refused(data):
    with pytest.raises(RecipeError, match="unknown key"):
        compose_project(guess(data), folder=data.parent, overrides=["optimizer.rate=1"])
    with pytest.raises(RecipeError, match="no value for a key"):
        compose_project(guess(data), folder=data.parent, overrides=["optimizer"])


def test_paths_lead_from_the_file_to_the_data(data):
    folder = data.parent / "elsewhere"
    folder.mkdir()

    assert "train: ../data/train.csv" in compose_project(guess(data), folder=folder)


def test_many_columns_are_not_listed(tmp_path):
    columns = {f"c{i}": np.sin(np.arange(20) * (i + 1)) for i in range(60)}
    np.savez(tmp_path / "train.npz", **columns, y=np.arange(20) % 2)
    text = compose_project(guess(tmp_path), folder=tmp_path)

    assert "# inputs: all 60 other columns" in text
    assert parse_project(text, path=tmp_path / "kilter.yaml").file.data.inputs == {}


@given(
    st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufeff"), min_size=1, max_size=12)
)
def test_any_name_reads_back_as_itself(name):
    from kilter.project.initial import _word

    located = read_yaml(
        f"target: {_word(name)} # comment\ninputs:\n  {_word(name)}: text\nlist: [{_word(name)}]\n", "k"
    )

    assert located.faults == ()
    assert located.data == {"target": name, "inputs": {name: "text"}, "list": [name]}
