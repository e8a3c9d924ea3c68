import errno
import json
import os
import re

import pytest
import torch

from kilter.engine.averaging import judged
from kilter.engine.schedule_free import ScheduleFreeAdamW
from kilter.training.checkpoints import departure, newest, size_of
from kilter.training.fit import begin
from kilter.training.footprint import footprint
from kilter.training.keeping import FolderKeeper, MemoryKeeper, make_keeper, read_best, write_best
from kilter.training.loop import Training
from kilter.values.errors import DataError, RecipeError, TrainingError, UsageError
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
    assert isinstance(make_keeper(None, Save(), None, training), MemoryKeeper)
    keeper = make_keeper(tmp_path, Save(), None, training)
    assert isinstance(keeper, FolderKeeper)
    keeper.keep(moved(training, 1), best=None)
    start = newest(tmp_path)
    assert isinstance(make_keeper(tmp_path, Save(), start, training), FolderKeeper)
    with pytest.raises(UsageError, match="stay beside the one from which a training goes on"):
        make_keeper(None, Save(), start, training)
    with pytest.raises(UsageError, match="holds checkpoints of a training"):
        make_keeper(tmp_path, Save(), None, training)


# --- all of them, within a budget, weights alone


def test_all_are_kept(training, tmp_path):
    keeper = FolderKeeper(tmp_path, Save(keep="all"))
    for step in range(1, 8):
        keeper.keep(moved(training, step), best=2 if step >= 2 else None)
    assert steps(tmp_path) == [1, 2, 3, 4, 5, 6, 7]


def test_the_oldest_go_when_the_budget_is_spent_but_never_the_best_and_the_last(training, tmp_path, caplog):
    FolderKeeper(tmp_path / "one", Save()).keep(moved(training, 1), best=1)
    each = size_of(tmp_path / "one" / "step-00000001")
    keeper = FolderKeeper(tmp_path, Save(keep="all", budget=3 * each + each // 2))
    seen = []
    with caplog.at_level("INFO", "kilter"):
        for step, best in ((1, 1), (2, 2), (3, 2), (4, 2), (5, 2), (6, 6), (7, 6)):
            keeper.keep(moved(training, step), best=best)
            seen.append(steps(tmp_path))
    assert seen == [[1], [1, 2], [1, 2, 3], [2, 3, 4], [2, 4, 5], [2, 5, 6], [2, 6, 7]]
    said = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert [level for level, _ in said] == ["WARNING", "INFO", "INFO", "INFO"]
    assert "the checkpoint of step 1 went, 0." in said[0][1]
    assert said[0][1].startswith("save.budget (0.")
    assert said[0][1].endswith("MB; the best and the last stay")


def test_a_budget_too_small_for_the_last_one_takes_all_others(training, tmp_path):
    keeper = FolderKeeper(tmp_path, Save(keep="all", budget=1))
    for step in (1, 2, 3):
        keeper.keep(moved(training, step), best=2 if step >= 2 else None)
    assert steps(tmp_path) == [2, 3]


@pytest.mark.parametrize("content", ["full", "weights"])
def test_a_budget_that_cannot_hold_two_is_an_error_before_the_first_step(training, tmp_path, content):
    each = footprint(training.model, training.optimizer, content)
    make_keeper(tmp_path, Save(budget=2 * each, content=content), None, training)
    with pytest.raises(
        RecipeError, match=r"save\.budget = .*the best and the last.*must fit into it; set it to"
    ) as raised:
        make_keeper(tmp_path, Save(budget=2 * each - 1, content=content), None, training)
    assert ("save.content: weights" in str(raised.value)) == (content == "full")


def test_what_an_error_asks_for_is_enough(training, tmp_path):
    with pytest.raises(RecipeError) as raised:
        make_keeper(tmp_path, Save(budget=1), None, training)
    assert str(raised.value).startswith("save.budget = 1 byte, and one checkpoint")
    asked = re.search(r"set it to (\S+) or more", str(raised.value))[1]
    keeper = make_keeper(tmp_path, Save.model_validate({"budget": asked}), None, training)
    for step in (1, 2, 3, 4):
        keeper.keep(moved(training, step), best=2 if step >= 2 else None)
    assert sum(size_of(path) for path in tmp_path.glob("step-*")) <= Save.model_validate({"budget": asked}).budget


def test_no_training_goes_on_from_weights_alone(training, tmp_path):
    FolderKeeper(tmp_path, Save(content="weights")).keep(moved(training, 3), best=3)
    assert sorted(path.name for path in (tmp_path / "step-00000003").iterdir()) == [
        "manifest.json",
        "model.safetensors",
        "state.json",
    ]
    start = newest(tmp_path)
    assert told(start.weights()) == {3.0}
    for going_on in (
        lambda: departure(tmp_path, resume=True),
        lambda: start.load_optimizer(training.optimizer),
        start.random_state,
    ):
        with pytest.raises(UsageError, match=r"holds weights alone .*full checkpoint.*train\.weights"):
            going_on()


# --- weights that are judged apart from those that are trained


@pytest.fixture
def averaging():
    """A training whose optimizer averages, some steps on its way."""
    model = torch.nn.Linear(3, 2)
    training = Training(model=model, optimizer=ScheduleFreeAdamW(model.parameters(), lr=0.1), device="cpu")
    walk(training)
    return training


def walk(training, times=5):
    for _ in range(times):
        training.optimizer.zero_grad()
        training.model(torch.ones(4, 3)).pow(2).mean().backward()
        training.optimizer.step()
        training.steps += 1


def state(training):
    return {name: tensor.clone() for name, tensor in training.model.state_dict().items()}


def equal(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("make", [lambda _folder: MemoryKeeper(), lambda folder: FolderKeeper(folder, Save())])
def test_the_result_is_what_is_judged_and_the_training_is_left_as_it_was(averaging, tmp_path, make):
    trained = state(averaging)
    with judged(averaging.optimizer):
        average = state(averaging)
    assert not equal(average, trained)
    keeper = make(tmp_path)
    keeper.keep(averaging, best=None)
    assert equal(keeper.choose(averaging.steps), average)
    assert equal(state(averaging), trained)


def test_an_averaging_training_goes_on_bit_by_bit(averaging, tmp_path):
    FolderKeeper(tmp_path, Save()).keep(averaging, best=None)
    model = torch.nn.Linear(3, 2)
    again = Training(model=model, optimizer=ScheduleFreeAdamW(model.parameters(), lr=0.9), device="cpu")
    start = newest(tmp_path)
    start.load_model(model)
    start.load_optimizer(again.optimizer)
    assert equal(state(again), state(averaging))
    walk(again)
    walk(averaging)
    assert equal(state(again), state(averaging))
    with judged(again.optimizer), judged(averaging.optimizer):
        assert equal(state(again), state(averaging))
