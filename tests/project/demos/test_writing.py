import pytest

from kilter.project.assembling import load_dataset
from kilter.project.demos.writing import DEMOS, write_demo
from kilter.project.reading import read_project
from kilter.values.errors import UsageError


@pytest.mark.parametrize("name", DEMOS)
def test_a_demo_is_a_project_like_any_other(tmp_path, name):
    project = read_project(write_demo(name, tmp_path / name))
    dataset = load_dataset(project)

    assert project.name == name
    assert list(dataset) == ["train", "valid", "test"]


def test_writing_it_twice_gives_the_same_files(tmp_path):
    first = {path.name: path.read_bytes() for path in write_demo("cancer", tmp_path).parent.iterdir()}
    again = {path.name: path.read_bytes() for path in write_demo("cancer", tmp_path).parent.iterdir()}

    assert first == again


def test_an_unknown_one_is_refused_with_the_one_that_was_meant(tmp_path):
    with pytest.raises(UsageError, match="did you mean 'digits'"):
        write_demo("digit", tmp_path)


def test_a_file_in_the_way_is_said(tmp_path):
    (tmp_path / "x").write_text("", "utf-8")

    with pytest.raises(UsageError, match="cannot be written"):
        write_demo("cancer", tmp_path / "x")
