import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from kilter.engine import memory
from kilter.engine.memory import peak_memory

resource = pytest.importorskip("resource")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system does not tell it in a file")
def test_it_is_the_peak_that_the_system_tells():
    (line,) = (line for line in Path("/proc/self/status").read_text("utf-8").splitlines() if "VmHWM" in line)
    assert peak_memory("cpu") == pytest.approx(1024 * int(line.split()[1]), rel=0.02)


def test_systems_tell_it_in_bytes_or_in_kibibytes(monkeypatch):
    monkeypatch.setattr(resource, "getrusage", lambda _: SimpleNamespace(ru_maxrss=3 << 20))
    monkeypatch.setattr(sys, "platform", "darwin")
    assert peak_memory("cpu") == 3 << 20
    monkeypatch.setattr(sys, "platform", "linux")
    assert peak_memory("cpu") == 3 << 30


def test_where_nobody_knows_there_is_none(monkeypatch):
    monkeypatch.setitem(sys.modules, "resource", None)
    assert peak_memory("cpu") is None


def test_a_gpu_is_asked_for_its_own(monkeypatch):
    monkeypatch.setattr(memory.torch.cuda, "max_memory_allocated", lambda device: {"cuda:0": 77}[device])
    assert peak_memory("cuda:0") == 77
