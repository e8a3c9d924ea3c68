import shutil

import pytest


@pytest.fixture
def run(trained, tmp_path):
    shutil.copytree(trained.path, tmp_path / "copy")
    return tmp_path / "copy"


def test_what_is_asked_for_is_told_in_words_and_as_json(kilter, run):
    ended = kilter("slices", run, "--by", "label", "--minimum", 2)
    assert ended.code == 0
    assert "label = a" in ended.out
    assert "were asked for" in " ".join(ended.out.split())
    document = kilter("slices", run, "--by", "label", "--minimum", 2, "--json").document
    assert document["split"] == "test"
    assert {each["name"] for each in document["slices"]} == {"label = a", "label = b"}
    assert all(
        each["inside"]["low"] <= each["inside"]["value"] <= each["inside"]["high"] for each in document["slices"]
    )


def test_that_there_is_none_is_said(kilter, run):
    assert "no kind of examples that is surely worse" in " ".join(kilter("slices", run).out.split())
    said = " ".join(kilter("slices", run, "--by", "label", "--minimum", 500).out.split())
    assert "no kind of 500 examples or more" in said


@pytest.mark.parametrize("words", [("--by", "lable"), ("--token", "sad"), ("--split", "train"), ("--gate", "off")])
def test_what_cannot_be_parted_is_refused(kilter, run, words):
    ended = kilter("slices", run, *words)
    assert ended.code == 2
    assert not ended.out
