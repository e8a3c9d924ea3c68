import math
import subprocess
import sys
import warnings

import pytest

from kilter.tracking.tensorboard import TensorBoardMirror

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the reader's own imports
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def scalars(folder, tag):
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    accumulator.Reload()
    return [(event.step, event.value) for event in accumulator.Scalars(tag)]


def test_scalars_are_read_back_by_tensorboard_itself(tmp_path):
    mirror = TensorBoardMirror(tmp_path / "tb")
    mirror.write([(1, {"train.loss": 0.5, "train.epoch": 0.0}), (2, {"train.loss": 0.25})])
    mirror.flush()

    assert scalars(tmp_path / "tb", "train/loss") == [(1, 0.5), (2, 0.25)]
    mirror.write([(3, {"train.loss": math.inf})])
    mirror.close()
    assert scalars(tmp_path / "tb", "train/loss")[2] == (3, math.inf)
    assert scalars(tmp_path / "tb", "train/epoch") == [(1, 0.0)]


def test_a_resumed_run_takes_the_place_of_what_went_beyond(tmp_path):
    first = TensorBoardMirror(tmp_path)
    first.write([(step, {"a": float(step)}) for step in (1, 2, 3, 4)])
    first.close()
    second = TensorBoardMirror(tmp_path, start=2)
    second.write([(3, {"a": 30.0})])
    second.close()

    assert scalars(tmp_path, "a") == [(1, 1.0), (2, 2.0), (3, 30.0)]


def test_a_run_that_goes_on_from_before_its_first_step_keeps_that_evaluation_alone(tmp_path):
    first = TensorBoardMirror(tmp_path)
    first.write([(step, {"a": float(step)}) for step in (0, 1, 2)])
    first.close()
    second = TensorBoardMirror(tmp_path, start=0)
    second.write([(1, {"a": 10.0})])
    second.close()

    assert scalars(tmp_path, "a") == [(0, 0.0), (1, 10.0)]


def test_two_of_one_second_write_files_of_their_own(tmp_path):
    mirrors = [TensorBoardMirror(tmp_path) for _ in range(2)]
    for mirror in mirrors:
        mirror.close()

    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_cannot_be_made_is_the_systems_error(tmp_path):
    (tmp_path / "tb").write_text("", "utf-8")

    with pytest.raises(OSError, match="tb"):
        TensorBoardMirror(tmp_path / "tb")


def test_it_brings_no_torch(tmp_path):
    code = (
        "import sys, pathlib; from kilter.tracking.tensorboard import TensorBoardMirror as M\n"
        f"M(pathlib.Path({str(tmp_path)!r})).close(); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
