import subprocess

import pytest

from kilter.project.environment import PACKAGES, environment, git_state, machine
from kilter.values.json_form import dumps


@pytest.fixture
def repository(tmp_path, monkeypatch):
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]

    def git(*words):
        subprocess.run(["git", "-C", str(tmp_path), *identity, *words], check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    (tmp_path / "a.txt").write_text("1", "utf-8")
    git("add", "a.txt")
    git("commit", "-q", "-m", "first")
    return tmp_path


def test_what_is_needed_to_say_what_was_run(tmp_path):
    said = environment(folder=tmp_path, command=["kilter", "run"], seeds={"train.seed": 3}, data={"train": "ab"})

    assert said["command"] == ["kilter", "run"]
    assert said["seeds"] == {"train.seed": 3}
    assert said["data"] == {"train": "ab"}
    assert set(said["versions"]) == set(PACKAGES)
    assert said["versions"]["torch"]
    assert dumps(said)


def test_no_variable_of_the_environment_is_told_that_could_be_secret(tmp_path, monkeypatch):
    monkeypatch.setenv("API_TOKEN", "do-not-tell")

    assert "do-not-tell" not in dumps(environment(folder=tmp_path))


def test_the_state_of_the_repository(repository):
    clean = git_state(repository)
    (repository / "b.txt").write_text("2", "utf-8")

    assert len(clean["commit"]) == 40
    assert clean["branch"] == "main"
    assert clean["changed"] == []
    assert git_state(repository)["changed"] == ["?? b.txt"]


def test_no_repository_and_no_git_are_no_error(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_state(tmp_path) is None

    monkeypatch.setenv("PATH", "")
    assert git_state(tmp_path) is None


def test_the_machine_is_told():
    assert machine()["processors"] >= 1
    assert machine()["torch_threads"] >= 1
