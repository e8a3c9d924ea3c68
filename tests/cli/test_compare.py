import shutil

import pytest


@pytest.fixture
def rival(trained, tmp_path):
    folder = tmp_path / "rival"
    shutil.copytree(trained.path, folder)
    return folder


def test_runs_are_tested_pair_by_pair(kilter, trained, rival):
    ended = kilter("compare", trained.path, rival, "--json")
    (comparison,) = ended.document["comparisons"]

    assert ended.code == 0
    assert comparison["left"] == trained.name
    assert comparison["right"] == "rival"
    assert comparison["difference"]["value"] == 0.0
    assert len(ended.document["evaluations"]) == 2
    said = " ".join(kilter("compare", trained.path, rival).out.split())
    assert "difference in accuracy 0 [" in said
    assert "no difference is established" in said


@pytest.mark.parametrize("words", [(), ("--split", "train")])
def test_what_cannot_be_compared_is_refused(kilter, trained, words):
    assert kilter("compare", trained.path, *words).code == 2
    assert kilter("compare", trained.path, trained.path).code == 2


def test_a_split_without_predictions_is_said_with_those_that_there_are(kilter, trained, rival):
    ended = kilter("compare", trained.path, rival, "--split", "train")

    assert ended.code == 2
    assert "test, valid" in ended.err


def test_groups_of_runs_are_two_ways(kilter, trained, tmp_path):
    folders = [tmp_path / name for name in "abcd"]
    for folder in folders:
        shutil.copytree(trained.path, folder)
    ended = kilter("compare", *folders[:2], "--against", folders[2], "--against", folders[3], "--json")
    (comparison,) = ended.document["comparisons"]

    assert ended.code == 0
    assert comparison["dominance"]["right_seeds"] == 2
    said = " ".join(kilter("compare", *folders[:2], "--against", folders[2], "--against", folders[3]).out.split())
    assert "no dominance of a and 1 more is established" in said
    assert "trainings a side a true difference" in said
    assert "Effort: a and 1 more with 1 setting" in said


def test_the_correction_can_be_chosen(kilter, trained, rival):
    ended = kilter("compare", trained.path, rival, "--correction", "Benjamini-Hochberg", "--json")

    assert ended.document["comparisons"][0]["correction"] == "Benjamini-Hochberg"


def test_runs_and_their_scores_can_be_told_apart_in_a_narrow_terminal(kilter, trained, tmp_path):
    names = [f"2026-11-22_20085{k}_a_rather_long_name_of_a_project" for k in range(5)]
    for name in names:
        shutil.copytree(trained.path, tmp_path / name)
    two = kilter("compare", *(tmp_path / name for name in names[:2])).out
    five = kilter("compare", *(tmp_path / name for name in names)).out

    for name in names[:2]:
        assert f"  {name[:30]}" in two  # the rest of it where the terminal has room
    assert "macro_f1" in two
    assert "macro_f1" not in five
    assert "All scores stand in the answer to --json." in " ".join(five.split())
