import errno
import os
import sys

import pytest

from kilter.project.foreign_errors import as_ours
from kilter.values.errors import DataError, Interrupted, TrainingError


def raised_by(call):
    try:
        call()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is what the test is about
        return error
    raise AssertionError("nothing was raised")


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A module of a person's own that raises, at its third line."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "own_net.py").write_text("def fail(kind):\n    words = 'no luck'\n    raise kind(words)\n", "utf-8")
    import own_net

    yield own_net.fail
    del sys.modules["own_net"]


def test_an_error_of_kilters_stays_itself(tmp_path):
    error = DataError("bad")

    assert as_ours(error, stage="train", model="mlp", folder=tmp_path) is error
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_says_in_which_stage(tmp_path):
    told = as_ours(KeyboardInterrupt(), stage="baselines", model="mlp", folder=tmp_path)

    assert isinstance(told, Interrupted)
    assert "during baselines" in str(told)


@pytest.mark.parametrize("kind", [ValueError, KeyError, AssertionError, OSError, MemoryError])
def test_an_error_of_a_persons_model_tells_its_place_and_keeps_the_trace(own, tmp_path, kind):
    folder = tmp_path / "run"
    told = as_ours(raised_by(lambda: own(kind)), stage="train", model="own_net:Net", folder=folder)

    assert isinstance(told, TrainingError)
    assert "the model 'own_net:Net' failed during train, at own_net.py:3, in fail: " in str(told)
    assert kind.__name__ in str(told)
    assert "mend the model" in str(told)
    trace = (folder / "trace.txt").read_text("utf-8")
    assert "raise kind(words)" in trace
    assert str(folder / "trace.txt") in str(told)


def test_what_a_generator_let_out_is_told_as_it_was_raised(own, tmp_path):
    def generate():
        yield own(StopIteration)

    error = raised_by(lambda: list(generate()))
    assert isinstance(error, RuntimeError)
    assert "in fail: StopIteration: no luck" in str(
        as_ours(error, stage="train", model="own_net:Net", folder=tmp_path / "run")
    )


def test_without_words_it_is_told_all_the_same(own, tmp_path):
    class SilentError(ValueError):
        def __str__(self):
            return ""

    told = as_ours(raised_by(lambda: own(SilentError)), stage="train", model="own_net:Net", folder=tmp_path / "run")
    assert "SilentError: without a word" in str(told)


@pytest.mark.parametrize("model", ["mlp", "other_net:Net"])
def test_what_no_model_of_a_persons_own_did_is_a_mistake_of_kilters(own, tmp_path, model):
    assert as_ours(raised_by(lambda: own(ValueError)), stage="train", model=model, folder=tmp_path / "run") is None
    assert not (tmp_path / "run").exists()


def test_a_disk_that_refuses_is_said_with_the_file(tmp_path):
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "model.test.jsonl")
    told = as_ours(error, stage="evaluate", model="mlp", folder=tmp_path)

    assert isinstance(told, TrainingError)
    assert "evaluate could not go on: model.test.jsonl: No space left on device" in str(told)


def test_a_disk_that_takes_no_trace_changes_nothing(own, tmp_path):
    (tmp_path / "file").write_text("", "utf-8")
    told = as_ours(raised_by(lambda: own(ValueError)), stage="train", model="own_net:Net", folder=tmp_path / "file")

    assert "the disk took no trace of it" in str(told)
