import errno
import os
import resource
from pathlib import Path

import pytest

from kilter.tracking import appending
from kilter.tracking.appending import Appended, rewrite
from kilter.values.errors import TrainingError

LINES = "one\ntwo\n"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lines.jsonl"


def test_lines_are_there_before_anything_is_flushed(path):
    file = Appended(path)
    file.write(LINES)
    file.write("")

    assert path.read_text("utf-8") == LINES
    file.close()
    file.close()


def test_it_goes_on_where_a_file_ends(path):
    for _ in range(2):
        file = Appended(path)
        file.write(LINES)
        file.close()

    assert path.read_text("utf-8") == 2 * LINES


def test_what_was_there_is_replaced(path):
    rewrite(path, ["one\n"])
    rewrite(path, ["two\n", "three\n"])

    assert path.read_text("utf-8") == "two\nthree\n"
    assert list(path.parent.iterdir()) == [path]


def test_a_full_disk_is_said(path, monkeypatch):
    def full(_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    file = Appended(path)
    file.write(LINES)
    monkeypatch.setattr(appending.os, "fsync", full)

    with pytest.raises(TrainingError, match="No space left on device"):
        file.flush()
    with pytest.raises(TrainingError, match="No space left on device"):
        file.close()
    with pytest.raises(TrainingError, match="what was recorded before is untouched"):
        rewrite(path, ["other\n"])
    assert path.read_text("utf-8") == LINES


def test_a_line_that_found_no_room_leaves_no_half_and_can_be_written_again(path):
    file = Appended(path)
    file.write(LINES)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(LINES) + 3, hard))  # room for three bytes of the next lines
    try:
        with pytest.raises(TrainingError, match="File too large"):
            file.write(LINES)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text("utf-8") == LINES
    file.write(LINES)
    file.close()
    assert path.read_text("utf-8") == 2 * LINES


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(TrainingError, match="could not be written"):
        Appended(tmp_path / "none" / "lines.jsonl")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_disk_that_refuses_a_line_is_said():
    file = Appended(Path("/dev/full"))

    with pytest.raises(TrainingError, match="No space left on device"):
        file.write(LINES)
    with pytest.raises(TrainingError, match="could not be written"):
        file.close()  # no device of that kind can be flushed
