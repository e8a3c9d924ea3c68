"""Children that try a subject, wherever they come from."""

import threading
from functools import partial

import pytest
import torch

from kilter.finders import nursery as nurseries
from kilter.finders.nursery import Nursery
from kilter.finders.probing import tried
from kilter.finders.survey import surveyed
from kilter.testing.healthy.pipelines import over_numbers
from kilter.testing.state import random_states, state_of
from kilter.values.batch_suggestion import Counted
from kilter.values.errors import TrainingError, UsageError
from kilter.values.pipeline import Pipeline

DYING = """
def make(seed):
    import os, signal
    os.kill(os.getpid(), signal.SIGKILL)

def faulty(seed):
    raise LookupError("no such layer")

def nothing(seed):
    return None
"""


def written_in_main(name):
    """A function that only cloudpickle can move, as those of a notebook are."""
    space = {"__name__": "__main__"}
    exec(DYING, space)
    return space[name]


@pytest.fixture(scope="module")
def movable():
    with Nursery(over_numbers()) as nursery:
        yield nursery


def test_a_subject_is_moved_and_surveyed(movable):
    assert movable.moved
    assert movable.call(surveyed, doing="looking", seed=0).answer["rows"] == 96
    assert movable.held > 2**20


def test_each_try_begins_afresh_and_leaves_everything_here(movable):
    pipeline = over_numbers()
    before = state_of(pipeline), random_states()
    act = partial(
        movable.call, tried, doing="trying", size=8, steps=2, seed=0, window=1, counted="data", most=1, files=0
    )

    first, second = act().answer, act().answer

    assert first == pytest.approx(second, rel=0.05)
    assert (state_of(pipeline), random_states()) == before


def test_a_child_is_killed_at_its_limit(movable):
    ended = movable.call(surveyed, doing="looking", limit=1, seed=0)

    assert "killed when it held" in ended.ran_out
    assert movable.call(surveyed, doing="looking", seed=0).answer["batch"] == 16


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [("faulty", TrainingError, "looking raised LookupError"), ("nothing", UsageError, "`make` gave NoneType")],
)
def test_faults_of_the_person_come_through_from_the_other_process(name, error, said):
    with Nursery(Pipeline.from_loop(written_in_main(name))) as nursery:
        assert nursery.moved
        with pytest.raises(error, match=said):
            nursery.call(surveyed, doing="looking", seed=0)


def test_a_dying_child_is_a_measurement():
    with Nursery(Pipeline.from_loop(written_in_main("make"))) as nursery:
        assert nursery.call(surveyed, doing="looking", seed=0).ran_out == "killed by SIGKILL"


def locked():
    lock = threading.Lock()

    def call(model, batch):
        with lock:
            return model(batch.inputs["numbers"])

    return over_numbers(forward=call)


def test_what_cannot_be_moved_is_tried_in_forks_of_this_process_with_one_thread():
    with Nursery(locked()) as nursery:
        assert not nursery.moved
        assert nursery.beyond(Counted.RESIDENT) == 0
        assert nursery.call(surveyed, doing="looking", seed=0).answer["rows"] == 96


def test_a_copy_that_would_take_too_much_is_not_made():
    with Nursery(over_numbers(), room=10_000) as nursery:
        assert not nursery.moved
        assert nursery.call(surveyed, doing="looking", seed=0).answer["rows"] == 96


def test_where_a_gpu_is_each_try_has_a_process_of_its_own(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    with Nursery(over_numbers(), room=1) as nursery:
        monkeypatch.undo()
        assert nursery.moved
        for _ in range(2):
            assert nursery.call(surveyed, doing="looking", seed=0).answer["device"] == "cpu"
        assert nursery.beyond(Counted.DEVICE) == 0


def test_a_system_that_can_do_neither_says_so(monkeypatch):
    monkeypatch.delattr(nurseries.os, "fork")

    with pytest.raises(UsageError, match="cannot be moved"), Nursery(locked()):
        pass


def test_a_process_that_is_killed_is_started_again():
    with Nursery(over_numbers()) as nursery:
        nursery._process.kill()  # noqa: SLF001 - as the system would
        assert "was killed" in nursery.call(surveyed, doing="looking", seed=0).ran_out
        assert nursery.call(surveyed, doing="looking", seed=0).answer["rows"] == 96
