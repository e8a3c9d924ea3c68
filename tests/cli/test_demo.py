import pytest

from kilter.cli.demo import DEMOS
from kilter.project.demos import writing


def test_the_names_are_those_that_there_are():
    assert set(DEMOS) == set(writing.DEMOS)


def test_the_smallest_goes_the_whole_way(kilter, tmp_path):
    words = ("--set", "train.length=5ep")
    ended = kilter("demo", "diabetes", "--to", tmp_path / "d", *words, "--json", "--quiet")

    assert ended.code == 0
    assert ended.document["project"] == str(tmp_path / "d" / "kilter.yaml")
    assert ended.document["scores"]


def test_an_unknown_one_is_refused(kilter):
    ended = kilter("demo", "iris")

    assert ended.code == 2
    assert "names" in ended.err


@pytest.mark.slow
@pytest.mark.parametrize("name", DEMOS)
def test_each_goes_the_whole_way(kilter, tmp_path, name):
    ended = kilter("demo", name, "--to", tmp_path / "d", "--json", "--quiet")

    assert ended.code == 0
    assert ended.document["status"] == "done"
