"""Limits read from trees of files as Linux has them."""

import os

import pytest

from kilter.finders.limits import limits, shared_room
from kilter.values.batch_suggestion import Counted


@pytest.fixture
def root(tmp_path):
    def write(files):
        for path, text in files.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return tmp_path

    return write


MEMORY = {"proc/meminfo": "MemTotal: 9000 kB\nMemAvailable: 5000 kB\n"}
V2 = {
    "proc/self/cgroup": "0::/training.slice/job\n",
    "proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
}
V1 = {
    "proc/self/cgroup": "4:memory,cpu:/docker/abc\n0::/\n",
    "proc/self/mountinfo": "35 31 0:32 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
}


def test_the_machine_tells_what_is_available(root):
    (limit,) = limits(root(MEMORY))

    assert (limit.left, limit.counts, limit.shared) == (5000 * 1024, Counted.RESIDENT, True)


def test_groups_of_version_2_are_read_up_to_the_uppermost(root):
    inner, outer = "sys/fs/cgroup/training.slice/job", "sys/fs/cgroup/training.slice"
    place = root(
        V2
        | {f"{inner}/memory.max": "1000\n", f"{inner}/memory.current": "600\n"}
        | {f"{inner}/memory.stat": "anon 400\ninactive_file 150\n"}
        | {f"{outer}/memory.max": "900\n", f"{outer}/memory.current": "800\n", f"{outer}/memory.stat": ""}
    )

    assert [limit.left for limit in limits(place)] == [550, 100]
    assert shared_room(place) == 100


def test_a_group_without_a_limit_is_none(root):
    inner = "sys/fs/cgroup/training.slice/job"

    assert limits(root(V2 | {f"{inner}/memory.max": "max\n", f"{inner}/memory.current": "600\n"})) == ()


def test_a_container_finds_its_group_of_version_1_at_the_mount(root):
    folder = "sys/fs/cgroup/memory"
    place = root(
        V1
        | {f"{folder}/memory.limit_in_bytes": "5000\n", f"{folder}/memory.usage_in_bytes": "1200\n"}
        | {f"{folder}/memory.stat": "total_inactive_file 200\n"}
    )

    assert [limit.left for limit in limits(place)] == [4000]


def test_version_1_says_no_limit_by_a_large_number(root):
    folder = "sys/fs/cgroup/memory"
    files = {f"{folder}/memory.limit_in_bytes": "9223372036854771712\n", f"{folder}/memory.usage_in_bytes": "1\n"}

    assert limits(root(V1 | files)) == ()


def test_limits_of_the_process_count_what_it_has_of_their_kind(root):
    rows = "Limit  Soft Limit  Hard Limit  Units\nMax data size  unlimited  unlimited  bytes\n"
    rows += "Max address space  4096000  unlimited  bytes\nMax resident set  2048000  unlimited  bytes\n"
    status = "VmSize:\t 1000 kB\nVmRSS:\t 500 kB\nVmData:\t 700 kB\n"
    found = limits(root({"proc/self/limits": rows, "proc/self/status": status}))

    assert [(limit.left, limit.counts, limit.shared) for limit in found] == [
        (4096000 - 1024000, Counted.ADDRESSES, False),
        (2048000 - 512000, Counted.RESIDENT, False),
    ]


def test_more_taken_than_allowed_leaves_nothing(root):
    inner = "sys/fs/cgroup/training.slice/job"
    place = root(V2 | {f"{inner}/memory.max": "1000\n", f"{inner}/memory.current": "1600\n"})

    assert [limit.left for limit in limits(place)] == [0]


def test_a_system_that_tells_nothing_has_none(tmp_path):
    assert limits(tmp_path) == ()
    assert shared_room(tmp_path) is None


@pytest.mark.skipif(not os.path.exists("/proc/meminfo"), reason="it is Linux that tells so")  # noqa: PTH110
def test_this_system_is_read():
    assert shared_room() > 2**20
