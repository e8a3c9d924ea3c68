"""What a process holds, against allocations of known size; GPUs by doubles."""

import os

import pytest
import torch

from kilter.finders import usage
from kilter.finders.forking import Watch, in_fork
from kilter.finders.usage import HighWater, cap, free_on, held, held_alone, held_on, is_pinned, mapped
from kilter.values.batch_suggestion import Counted

MEBIBYTE = 2**20
linux = pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="it is Linux that tells so")  # noqa: PTH110


@linux
@pytest.mark.parametrize("counts", [Counted.RESIDENT, Counted.ADDRESSES, Counted.DATA])
def test_what_is_allocated_is_held(counts):
    before = held(counts)
    block = torch.ones(64 * MEBIBYTE, dtype=torch.uint8)

    assert 60 * MEBIBYTE < held(counts) - before < 80 * MEBIBYTE
    assert held(counts, os.getpid()) == pytest.approx(held(counts), rel=0.05)
    del block


@linux
@pytest.mark.parametrize("counts", [Counted.RESIDENT, Counted.ADDRESSES, Counted.DATA])
def test_the_high_water_mark_outlives_what_was_given_back(counts):
    def act():
        high = HighWater(counts)
        start = high.now("cpu")
        block = torch.ones(64 * MEBIBYTE, dtype=torch.uint8)
        del block
        return start, high.now("cpu"), high.most("cpu")

    start, after, most = in_fork(act, Watch(), doing="allocating").answer

    assert most - start > 60 * MEBIBYTE
    assert after - start < 16 * MEBIBYTE


@linux
def test_files_that_a_fork_has_not_read_again_count():
    def act():
        return HighWater(Counted.RESIDENT, 2**40).most("cpu")

    assert mapped() > MEBIBYTE
    assert held_alone(Counted.RESIDENT) < held(Counted.RESIDENT)
    assert in_fork(act, Watch(), doing="looking").answer > 2**40 - mapped()


def test_a_system_that_tells_nothing_has_its_own_high_water_mark(monkeypatch):
    monkeypatch.setattr(usage, "_status", lambda _: {})

    assert HighWater(Counted.RESIDENT).most("cpu") > MEBIBYTE
    assert held(Counted.RESIDENT) > MEBIBYTE
    assert held(Counted.RESIDENT, 1) is None


def test_a_processor_has_no_allocator_to_ask():
    assert free_on("cpu") is None
    cap("cpu", 10)


def test_cuda_is_asked(monkeypatch):
    capped = []
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (300, 1000))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda _: 77)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 55)
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", lambda *given: capped.append(given))

    cap("cuda:1", 250)
    high = HighWater(Counted.DEVICE)

    assert free_on("cuda:1") == 300
    assert capped == [(0.25, "cuda:1")]
    assert (high.most("cuda:1"), high.now("cuda:1"), held_on("cuda:1")) == (77, 55, 55)


def test_mps_is_asked(monkeypatch):
    capped = []
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 1000)
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: 400)
    monkeypatch.setattr(torch.mps, "current_allocated_memory", lambda: 90)
    monkeypatch.setattr(torch.mps, "set_per_process_memory_fraction", capped.append)

    cap("mps", 500)

    assert free_on("mps") == 600
    assert capped == [0.5]
    assert (HighWater(Counted.DEVICE).most("mps"), held_on("mps")) == (400, 90)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MALLOC_MMAP_THRESHOLD_", "131072"),
        ("GLIBC_TUNABLES", "glibc.malloc.arena_max=1:glibc.malloc.mmap_threshold=9"),
    ],
)
def test_a_heap_is_pinned_by_the_environment(monkeypatch, name, value):
    monkeypatch.delenv("MALLOC_MMAP_THRESHOLD_", raising=False)
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.arena_max=1")
    assert not is_pinned()
    monkeypatch.setenv(name, value)
    assert is_pinned()
