import json
import shutil

import pytest

from kilter.project.consulting import beside, consult, looks, looks_beside
from kilter.project.folder import load_run
from kilter.values.errors import DataError


@pytest.fixture
def folder(ran, tmp_path):
    shutil.copytree(ran.path, tmp_path / "runs" / "a")
    return tmp_path / "runs" / "a"


def test_each_look_is_counted_by_its_split(tmp_path):
    assert looks(tmp_path) == {}
    for split in ("test", "test", "valid"):
        consult(tmp_path, split)

    assert looks(tmp_path) == {"test": 2, "valid": 1}
    consult(tmp_path, "valid", times=5)
    assert looks(tmp_path) == {"test": 2, "valid": 6}


def test_a_run_has_looked_at_the_test_once_and_at_validation_in_its_training(ran):
    while_training = len(ran.history["valid.loss"])

    assert while_training > 1
    assert ran.consulted == {"valid": while_training + 1, "test": 1}


def test_looks_of_runs_beside_it_on_the_same_rows_are_added(folder):
    other = folder.parent / "b"
    shutil.copytree(folder, other)
    consult(other, "test")

    assert list(beside(folder, "test")) == [folder, other]
    assert looks_beside(folder, "test") == 3


def test_other_rows_and_other_folders_do_not_count(folder):
    other = folder.parent / "b"
    shutil.copytree(folder, other)
    path = other / "environment.json"
    environment = json.loads(path.read_text("utf-8"))
    environment["data"]["test"] = "0" * 64
    path.write_text(json.dumps(environment), "utf-8")
    (folder.parent / "notes").mkdir()
    (folder.parent / "broken").mkdir()
    (folder.parent / "broken" / "environment.json").write_text("{", "utf-8")

    assert looks_beside(folder, "test") == 1
    assert list(beside(folder, "train")) == [folder, other]


def test_a_count_that_cannot_be_read_is_an_error_of_its_own_run_only(folder):
    other = folder.parent / "b"
    shutil.copytree(folder, other)
    (other / "consulted.json").write_text("{", "utf-8")

    assert looks_beside(folder, "test") == 1
    with pytest.raises(DataError, match=r"consulted\.json"):
        consult(other, "test")


def test_what_was_counted_is_read_with_the_run(folder):
    consult(folder, "test")

    assert load_run(folder).consulted["test"] == 2
