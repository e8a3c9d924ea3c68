"""Endings told apart: memory, the person's code, kilter's own words."""

import signal

import pytest
import torch

from kilter.finders.ending import attempted, judged, ran_out_of_memory
from kilter.values.errors import TrainingError, UsageError


def raising(error):
    def act():
        raise error

    return act


def ended(act):
    return judged(attempted(act), code=0, peak=None, doing="training")


def test_an_answer_comes_through():
    assert ended(lambda: [1, 2]).answer == [1, 2]


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes."),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
        RuntimeError("can't start new thread"),
        OSError(12, "Cannot allocate memory"),
    ],
)
def test_running_out_of_memory_is_a_measurement(error):
    assert ran_out_of_memory(error)
    assert ended(raising(error)).ran_out.startswith(type(error).__name__)


def test_torch_really_says_it_so():
    with pytest.raises(RuntimeError) as raised:
        torch.empty(2**60)

    assert ran_out_of_memory(raised.value)


@pytest.mark.parametrize("error", [ValueError("out of memory"), RuntimeError("shapes differ"), KeyError("x")])
def test_any_other_error_is_the_persons_with_its_trace(error):
    with pytest.raises(TrainingError, match=f"training raised {type(error).__name__}") as raised:
        ended(raising(error))

    assert "in act" in str(raised.value)


def test_words_of_kilter_stay_what_they_are():
    with pytest.raises(UsageError, match="no such thing: one, two; take one"):
        ended(raising(UsageError("no such thing", legal="one, two", remedy="take one")))


@pytest.mark.parametrize(
    ("code", "said"),
    [(-signal.SIGKILL, "killed by SIGKILL"), (-signal.SIGABRT, "killed by SIGABRT"), (3, "exit code 3"), (-99, "99")],
)
def test_who_ends_without_a_word_is_measured(code, said):
    ended = judged(None, code=code, peak=7, doing="training")

    assert said in ended.ran_out
    assert ended.peak == 7
    assert ended.answer is None
