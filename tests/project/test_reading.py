import re
from pathlib import Path

import pytest

from kilter.project.reading import parse_project, project_given, read_project, with_values
from kilter.values.errors import RecipeError, UsageError

HERE = Path("kilter.yaml")
LEAST = "data: {train: a.csv, target: y}\ntask: regression\n"


def faults(text, *overrides):
    with pytest.raises(RecipeError) as caught:
        parse_project(text, path=HERE, overrides=overrides)
    return str(caught.value)


GOLDEN = """\
16 faults in kilter.yaml.
  kilter.yaml:1:1 name = 'x y': must be letters, digits, '.', '_' and '-', since runs are named after it.
  kilter.yaml:4:3 data.split = {'valid': 0.6, 'test': 0.5}: valid and test take 1.1 of the rows; \
together they must be less than 1.
  kilter.yaml:5:12 data.inputs.age = 'numbr': did you mean 'number'?
  kilter.yaml:6:3 data.target = 3: must be the name of a column, or a list of them; name the column to learn.
  kilter.yaml:7:3 data.ignore = ['a', 'a']: a stands there twice.
  kilter.yaml:8:3 data.leave_out = 'contradiction': did you mean 'contradictions'?
  kilter.yaml:9:1 tsk: unknown key; did you mean 'task'?
  kilter.yaml:11:3 batch.size = 0: must be 1 or more.
  kilter.yaml:13:3 optimizer.lr: unknown key; did you mean 'learning_rate'?
  kilter.yaml:14:3 optimizer.momentum: unknown key; it belongs to 'sgd'; give optimizer.name: sgd, or leave it out.
  kilter.yaml:15:3 optimizer.momentum: given twice, first at line 14; leave one of them out.
  kilter.yaml:17:9 train.length = 10: a duration has a unit, such as '10ep' (epochs) or '10st' (steps).
  kilter.yaml:18:16 baselines.1 = 3: must be text.
  --set train.seed no value for a key: say `--set key.sub=value`.
  kilter.yaml task is missing: it must be given; say `task: classification` or `task: regression`.
  --set stop.patience=0 stop.patience = 0: must be 1 or more.
"""


def test_all_faults_of_file_and_command_line_come_at_once_in_reading_order():
    text = """\
name: x y
data:
  train: train.csv
  split: {valid: .6, test: .5}
  inputs: {age: numbr, b: text}
  target: 3
  ignore: [a, a]
  leave_out: contradiction
tsk: classification
batch:
  size: 0
optimizer:
  lr: 1e-3
  momentum: .9
  momentum: .8
schedule:
train: {length: 10}
baselines: [a, 3]
"""
    assert faults(text, "train.seed", "stop.patience=0") + "\n" == GOLDEN


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "kilter.yaml the file is empty: `kilter init FILES` writes a project file for your data."),
        ("- a\n", "kilter.yaml:1:1 a list or a word: the file is `key: value` lines."),
        ("just words", "kilter.yaml:1:1 a list or a word: the file is `key: value` lines."),
        (
            "task: regresion\ndata: {train: a, target: y}",
            "kilter.yaml:1:1 task = 'regresion': did you mean 'regression'?",
        ),
        ("data: 3\ntask: regression", "kilter.yaml:1:1 data = 3: must be a section with keys of"),
        (
            "data:\n  target: y\ntask: regression",
            "kilter.yaml:1:1 data.train is missing: it must be given; name the file",
        ),
    ],
)
def test_one_fault_is_said_alone(text, said):
    message = faults(text)

    assert message.startswith("1 fault in kilter.yaml.\n")
    assert said in message


def test_what_the_file_and_the_command_line_say_is_kept_apart_from_defaults():
    text = LEAST + "model: mlp\ntrain:\n  # seed: 3\nbatch: {size: 8}\n"
    project = parse_project(text, path=HERE, overrides=["batch.accumulate=2", "gate.fail_on=off"])

    assert project.given == {"model": "mlp", "batch": {"size": 8, "accumulate": 2}}
    assert project.file.train.seed == 0
    assert project.file.gate.fail_on == "off"
    assert project.says("batch.size")
    assert project.says("batch.accumulate")
    assert not project.says("train.seed")


def test_a_fault_found_later_still_has_its_place():
    project = parse_project(LEAST, path=HERE, overrides=["data.weight=w"])

    assert str(project.fault("data.target", met="x")) == "kilter.yaml:1:22 x."
    assert str(project.fault("data.weight", met="x")) == "--set data.weight=w x."
    assert str(project.fault("stop.patience", met="x")) == "kilter.yaml x."


def test_a_project_is_called_what_it_says_or_like_its_folder(tmp_path):
    path = tmp_path / "flowers" / "kilter.yaml"

    assert parse_project(LEAST, path=path).name == "flowers"
    assert parse_project("name: roses\n" + LEAST, path=path).name == "roses"


def test_a_folder_stands_for_its_project_file(tmp_path):
    (tmp_path / "kilter.yaml").write_text(LEAST, "utf-8")

    assert read_project(tmp_path).path == tmp_path / "kilter.yaml"
    assert read_project(tmp_path).folder == tmp_path
    assert repr(read_project(tmp_path)).startswith(f"Project({tmp_path.name!r}: regression of 'y'")


def test_a_file_that_is_not_there_is_a_mistake_of_usage(tmp_path):
    with pytest.raises(UsageError, match=re.escape("`kilter init FILES` writes one")):
        read_project(tmp_path / "none.yaml")


def test_a_file_that_is_no_text_is_a_fault(tmp_path):
    path = tmp_path / "kilter.yaml"
    path.write_bytes(b"task: \xff\xfe\n")

    with pytest.raises(RecipeError, match=r"kilter.yaml byte 6 is no UTF-8"):
        read_project(path)


def test_a_project_that_was_read_stays_itself_and_takes_no_overrides(tmp_path):
    path = tmp_path / "kilter.yaml"
    path.write_text("task: classification\ndata: {train: a.csv, target: y}\n", "utf-8")
    read = project_given(path, ["train.seed=3"])

    assert read.given["train"]["seed"] == 3
    assert project_given(read) is read
    with pytest.raises(UsageError, match="overrides of a project that was read already"):
        project_given(read, ["train.seed=4"])


LEFT_OPEN = "task: classification\ndata: {train: rows.csv, target: label}\n"


@pytest.mark.parametrize(
    ("lines", "overrides", "sought"),
    [
        ("", (), ()),
        ("batch: auto\nlr: auto", (), ("batch.size", "optimizer.learning_rate")),
        ("batch: auto", ("batch.size=8",), ()),
        ("batch: auto", ("batch.tokens=800",), ()),
        ("batch: {tokens: 800}", ("batch=auto",), ("batch.size",)),
        ("lr: auto", ("optimizer.learning_rate=0.1",), ()),
        ("optimizer: {learning_rate: 0.1}", ("lr=auto",), ("optimizer.learning_rate",)),
        ("optimizer: {name: adamw, learning_rate: auto}", ("optimizer.name=sgd",), ("optimizer.learning_rate",)),
    ],
)
def test_what_is_left_to_be_found_is_known_and_no_number_of_the_file(lines, overrides, sought):
    project = parse_project(f"{LEFT_OPEN}{lines}\n", path=HERE, overrides=overrides)

    assert project.sought == sought
    for path in sought:
        section, key = path.split(".")
        given = project.given.get(section, {})
        assert isinstance(given, str) or not {key, "tokens"} & set(given)


def test_values_laid_over_a_project_decide_what_it_left_open():
    project = parse_project(f"{LEFT_OPEN}batch: auto\n", path=HERE, overrides=("lr=auto", "train.seed=3"))

    found = with_values(project, {"batch.size": 48, "optimizer.learning_rate": 3e-5})

    assert (found.sought, found.file.batch.size, found.file.optimizer.learning_rate) == ((), 48, 3e-5)
    assert [override.said for override in found.overrides] == [
        "train.seed=3",
        "batch.size=48",
        "optimizer.learning_rate=3e-05",
    ]


def test_faults_of_what_is_left_open_have_their_places():
    said = faults(f"{LEFT_OPEN}lr: 0.01\nbatch: {{size: auto, tokens: 9}}\n", "batch=auto", "batch.tokens=9")

    assert "kilter.yaml:3:1 lr = 0.01: auto, which has it found" in said
    assert "kilter.yaml:4:21 batch.size: auto beside batch.tokens" in said
    assert "--set batch.tokens=9 batch.tokens beside batch.size=auto" in said
