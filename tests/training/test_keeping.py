import errno
import json
import os

import pytest
import torch

from kilter.training.checkpoints import newest
from kilter.training.fit import begin
from kilter.training.keeping import FolderKeeper, MemoryKeeper, make_keeper, read_best, write_best
from kilter.values.errors import DataError, TrainingError, UsageError
from kilter.values.recipe import Save


@pytest.fixture
def training(make_pipeline):
    return begin(make_pipeline())


def moved(training, step):
    """The training, some steps later, with weights that tell the step."""
    training.steps = step
    with torch.no_grad():
        for parameter in training.model.parameters():
            parameter.fill_(float(step))
    return training


def told(weights):
    return {float(tensor.flatten()[0]) for tensor in weights.values()}


def steps(folder):
    return sorted(int(path.name.removeprefix("step-")) for path in folder.glob("step-*"))


@pytest.mark.parametrize("make", [lambda _folder: MemoryKeeper(), lambda folder: FolderKeeper(folder, Save())])
def test_the_best_and_the_last_are_there(training, tmp_path, make):
    keeper = make(tmp_path)
    for step, best in ((1, None), (2, 2), (3, 2), (4, 2)):
        keeper.keep(moved(training, step), best=best)
    moved(training, 9)  # what is kept is a copy
    assert told(keeper.choose(2)) == {2.0}
    assert told(keeper.choose(4)) == {4.0}
    with pytest.raises((KeyError, DataError)):
        keeper.choose(3)


def test_so_many_recent_ones_beside_the_best(training, tmp_path):
    keeper = FolderKeeper(tmp_path, Save(keep=2))
    seen = []
    for step, best in ((1, 1), (2, 1), (3, 1), (4, 4), (5, 4), (6, 4), (7, 4)):
        keeper.keep(moved(training, step), best=best)
        seen.append((steps(tmp_path), read_best(tmp_path)))
    assert seen == [
        ([1], 1),
        ([1, 2], 1),
        ([1, 2, 3], 1),
        ([1, 3, 4], 4),  # 1 is what 3 would need, should 4 turn out broken
        ([4, 5], 4),
        ([4, 5, 6], 4),
        ([4, 6, 7], 4),
    ]


def test_without_an_evaluation_the_last_is_the_best(training, tmp_path):
    FolderKeeper(tmp_path, Save()).keep(moved(training, 3), best=None)
    assert read_best(tmp_path) == 3
    assert newest(tmp_path).best is None


def test_whatever_is_chosen_is_named_the_best(training, tmp_path):
    keeper = FolderKeeper(tmp_path, Save(keep=2))
    keeper.keep(moved(training, 1), best=1)
    keeper.keep(moved(training, 2), best=2)
    write_best(tmp_path, 1)  # as a kill would have left it
    keeper.choose(2)
    assert read_best(tmp_path) == 2


def test_which_is_the_best_is_written_at_once_or_not_at_all(tmp_path, monkeypatch):
    write_best(tmp_path, 3)
    assert json.loads((tmp_path / "best.json").read_text()) == {"step": 3}

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(
            TrainingError, match="No space left on device: the checkpoints in the folder are whole; make"
        ):
            write_best(tmp_path, 4)
    assert read_best(tmp_path) == 3


@pytest.mark.parametrize("text", [None, "", "{}", '{"step": "x"}', "[]"])
def test_no_best_where_none_is_named(tmp_path, text):
    if text is not None:
        (tmp_path / "best.json").write_text(text)
    assert read_best(tmp_path) is None


def test_which_keeper_it_is(training, tmp_path):
    assert isinstance(make_keeper(None, Save(), None), MemoryKeeper)
    keeper = make_keeper(tmp_path, Save(), None)
    assert isinstance(keeper, FolderKeeper)
    keeper.keep(moved(training, 1), best=None)
    start = newest(tmp_path)
    assert isinstance(make_keeper(tmp_path, Save(), start), FolderKeeper)
    with pytest.raises(UsageError, match="stay beside the one from which a training goes on"):
        make_keeper(None, Save(), start)
    with pytest.raises(UsageError, match="holds checkpoints of a training"):
        make_keeper(tmp_path, Save(), None)
