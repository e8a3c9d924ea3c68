"""Children that answer, that hold too much, that are too slow, that die."""

import os
import signal
import sys
import time

import pytest
import torch

from kilter.finders.forking import Watch, in_fork
from kilter.finders.usage import held
from kilter.values.batch_suggestion import Counted
from kilter.values.errors import TrainingError

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
MEBIBYTE = 2**20


def test_a_child_answers_and_changes_nothing_here():
    mine = [1]

    def act():
        mine.append(2)
        torch.manual_seed(5)
        return {"sum": sum(mine), "threads": torch.get_num_threads()}

    before = torch.get_rng_state()
    ended = in_fork(act, Watch(), doing="adding", threads=2)

    assert ended.answer == {"sum": 3, "threads": 2}
    assert mine == [1]
    assert torch.equal(before, torch.get_rng_state())


def test_a_child_that_holds_too_much_is_killed():
    limit = held(Counted.RESIDENT) + 64 * MEBIBYTE

    def act():
        kept = []
        for _ in range(4000):
            kept.append(torch.ones(MEBIBYTE, dtype=torch.uint8))
            time.sleep(0.001)
        return len(kept)

    ended = in_fork(act, Watch(limit=limit), doing="filling memory")

    assert ended.answer is None
    assert "killed when it held" in ended.ran_out
    assert ended.peak > limit


def test_a_child_that_takes_too_long_is_killed():
    ended = in_fork(lambda: time.sleep(600), Watch(seconds=0.05), doing="sleeping")

    assert ended.ran_out == "killed after 0.05 s"


def test_a_child_that_is_killed_is_measured():
    ended = in_fork(lambda: os.kill(os.getpid(), signal.SIGKILL), Watch(), doing="dying")

    assert ended.ran_out == "killed by SIGKILL"


def test_a_child_that_leaves_is_measured():
    assert (
        in_fork(lambda: os._exit(9), Watch(), doing="leaving").ran_out == "it ended with exit code 9 and without a word"
    )


def test_a_limit_of_the_process_is_met_as_an_error_of_memory():
    def act():
        import resource

        most = held(Counted.ADDRESSES) + 64 * MEBIBYTE
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        return torch.ones(512 * MEBIBYTE, dtype=torch.uint8).sum().item()

    assert "can't allocate memory" in in_fork(act, Watch(), doing="filling memory").ran_out


def test_an_error_of_the_person_comes_with_its_trace():
    def faulty_model():
        message = "no such layer"
        raise LookupError(message)

    with pytest.raises(TrainingError, match="making the model raised LookupError: no such layer") as raised:
        in_fork(faulty_model, Watch(), doing="making the model")

    assert "faulty_model" in str(raised.value)


def test_what_a_child_prints_is_lost(capfd):
    in_fork(lambda: sys.stdout.write("hello") and sys.stdout.flush(), Watch(), doing="printing")

    assert capfd.readouterr() == ("", "")
