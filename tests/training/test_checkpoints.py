import errno
import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from kilter.engine.seeding import random_state, restore, seed_everything
from kilter.training import checkpoints
from kilter.training.checkpoints import at_step, departure, newest, prune, save
from kilter.values.errors import DataError, TrainingError, UsageError

FILES = ("model.safetensors", "optimizer.safetensors", "state.json", "manifest.json")


class Killed(BaseException):
    """Stands for the end of the process: nobody catches it."""


def adamw(model, **options):
    return torch.optim.AdamW(model.parameters(), lr=0.05, **options)


def train(model, optimizer, steps=3):
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.randn(5, 4)).pow(2).mean().backward()
        optimizer.step()


def write(folder, step, model=None, optimizer=None, best=None):
    model = model or nn.Linear(4, 2)
    optimizer = optimizer or adamw(model)
    return save(folder, step=step, best=best, model=model, optimizer=optimizer, random=random_state())


def weights_of(checkpoint):
    return {name: tensor.tolist() for name, tensor in checkpoint.weights().items()}


def go_on(make_model, make_optimizer, checkpoint, **options):
    """A model of another seed, put where the checkpoint stands, and trained on from there."""
    seed_everything(99)
    model = make_model()
    optimizer = make_optimizer(model)
    model.load_state_dict(checkpoint.weights())
    checkpoint.load_optimizer(optimizer)
    restore(checkpoint.random_state())
    train(model, optimizer, **options)
    return model, optimizer


def assert_same_state(one, other):
    """Two optimizers agree in everything that they say of themselves."""
    left, right = one.state_dict(), other.state_dict()
    assert left["param_groups"] == right["param_groups"]
    assert left["state"].keys() == right["state"].keys()
    for index, values in left["state"].items():
        assert values.keys() == right["state"][index].keys()
        for key, value in values.items():
            again = right["state"][index][key]
            if not isinstance(value, torch.Tensor):
                assert value == again
                continue
            assert (value.dtype, value.stride()) == (again.dtype, again.stride()), key
            assert torch.equal(value, again), key


class Tied(nn.Module):
    """An embedding that is also the last layer, batch norm's buffers, a recurrent layer's flat memory."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout(0.5)
        self.recurrent = nn.LSTM(4, 4, batch_first=True)
        self.last = nn.Linear(4, 4)
        self.last.weight = self.first.weight

    def forward(self, numbers):
        hidden = self.drop(self.norm(self.first(numbers)))
        return self.last(self.recurrent(hidden[:, None])[0][:, 0])


class Turned(nn.Module):
    """Parameters that lie in memory otherwise than row by row."""

    def __init__(self):
        super().__init__()
        self.turned = nn.Parameter(torch.randn(4, 3).t())
        self.image = nn.Conv2d(2, 3, 3, padding=1).to(memory_format=torch.channels_last)

    def forward(self, numbers):
        picture = (numbers @ self.turned.t()).view(-1, 1, 1, 3).expand(-1, 2, 3, 3)
        return self.image(picture).flatten(1)


OPTIMIZERS = {
    "adamw": adamw,
    "adamw-fused": lambda model: adamw(model, fused=True),
    "adamw-amsgrad": lambda model: adamw(model, amsgrad=True),
    "sgd-momentum": lambda model: torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, nesterov=True),
    "sgd-momentum-fused": lambda model: torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, fused=True),
    "sgd-plain": lambda model: torch.optim.SGD(model.parameters(), lr=0.01),
    "adagrad": lambda model: torch.optim.Adagrad(model.parameters(), lr=0.01),
}


@pytest.mark.parametrize("make_optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("kind", [Tied, Turned, lambda: nn.Linear(4, 2)], ids=["tied", "turned", "linear"])
def test_a_training_goes_on_from_a_checkpoint_bit_by_bit(tmp_path, kind, make_optimizer):
    seed_everything(3)
    model = kind()
    optimizer = make_optimizer(model)
    train(model, optimizer)
    write(tmp_path, 3, model, optimizer)
    again, other = go_on(kind, make_optimizer, newest(tmp_path), steps=0)
    assert_same_state(optimizer, other)
    again, other = go_on(kind, make_optimizer, newest(tmp_path))
    restore(newest(tmp_path).random_state())
    train(model, optimizer)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name
    assert_same_state(optimizer, other)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_weights_of_other_types(tmp_path, dtype):
    model = nn.Linear(4, 2).to(dtype)
    optimizer = adamw(model)
    optimizer.zero_grad()
    model(torch.randn(5, 4, dtype=dtype)).sum().backward()
    optimizer.step()
    checkpoint = write(tmp_path, 1, model, optimizer)
    other = adamw(again := nn.Linear(4, 2).to(dtype))
    again.load_state_dict(checkpoint.weights())
    checkpoint.load_optimizer(other)
    assert again.weight.dtype == dtype
    assert torch.equal(again.weight, model.weight)
    assert_same_state(optimizer, other)


def test_state_of_another_type_than_its_parameter_keeps_it(tmp_path):
    """A person's own optimizer may keep exact sums beside rough weights."""

    class Exact(torch.optim.Optimizer):
        def __init__(self, parameters):
            super().__init__(parameters, {"lr": 0.1})

        def step(self):
            for group in self.param_groups:
                for parameter in group["params"]:
                    state = self.state[parameter]
                    state.setdefault("sum", torch.zeros_like(parameter, dtype=torch.float64)).add_(1 / 3)
                    state["seen"] = [1, (2, 3), {"deep": torch.ones(2)}]

    model = nn.Linear(4, 2).to(torch.bfloat16)
    optimizer = Exact(model.parameters())
    optimizer.step()
    other = Exact(model.parameters())
    write(tmp_path, 1, model, optimizer).load_optimizer(other)
    state = other.state[model.weight]
    assert state["sum"].dtype == torch.float64
    assert torch.equal(state["sum"], optimizer.state[model.weight]["sum"])
    assert state["seen"][:2] == [1, (2, 3)]
    assert state["seen"][2]["deep"].tolist() == [1, 1]


def test_random_states_come_back_exactly(tmp_path):
    def draw():
        return [(random.gauss(0, 1), np.random.randn(), torch.randn(2).tolist()) for _ in range(3)]  # noqa: NPY002

    seed_everything(5)
    random.gauss(0, 1)
    np.random.randn()  # noqa: NPY002 - both keep the second half of what they drew
    write(tmp_path, 1)
    drawn = draw()
    seed_everything(6)
    restore(newest(tmp_path).random_state())
    assert draw() == drawn


def test_tied_weights_are_on_disk_once(tmp_path):
    from safetensors.torch import load_file

    checkpoint = write(tmp_path, 1, model := Tied(), adamw(model))
    assert "last.weight" not in load_file(checkpoint.path / "model.safetensors")
    assert torch.equal(checkpoint.weights()["last.weight"], model.first.weight)


def test_state_that_cannot_be_stored_is_said_and_nothing_is_half_written(tmp_path):
    class Strange(nn.Linear):
        def get_extra_state(self):
            return {"open file"}

    with pytest.raises(TrainingError, match="has a set at _extra_state"):
        write(tmp_path, 1, Strange(4, 2))
    assert not list(tmp_path.iterdir())


# --- written whole or not at all


class Breaking:
    """Lets so many file operations pass, then does what is asked at the next."""

    def __init__(self, monkeypatch, passing, error):
        self.left, self.error, self.broke = passing, error, False
        for place, name in (
            (checkpoints, "write_tensors"),
            (checkpoints, "write_text"),
            (os, "fsync"),
            (os, "open"),
            (Path, "mkdir"),
            (Path, "rename"),
            (shutil, "rmtree"),
        ):
            monkeypatch.setattr(place, name, self.around(getattr(place, name), name))

    def around(self, function, name):
        def called(*given, **options):
            if name == "rmtree" and not Path(given[0]).exists():
                return None
            self.left -= 1
            if self.left != -1:
                return function(*given, **options)
            self.broke = True
            if name in {"write_tensors", "write_text"}:  # half of it is on disk
                function(*given, **options)
                os.truncate(given[0], Path(given[0]).stat().st_size // 2)
            raise self.error

        return called


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), Killed()], ids=["full", "killed"])
def test_whichever_operation_fails_the_older_checkpoint_is_whole_and_taken(tmp_path, monkeypatch, error):
    older, newer = nn.Linear(4, 2), nn.Linear(4, 2)
    operations = 0
    while True:
        folder = tmp_path / str(operations)
        write(folder, 4, older, best=4)
        with monkeypatch.context() as patch:
            breaking = Breaking(patch, operations, error)
            try:
                write(folder, 8, newer, best=4)
            except (TrainingError, Killed) as raised:
                assert isinstance(raised, Killed) or all(  # noqa: PT017 - whichever it is, more is asked below
                    (raised.summary.met, raised.summary.legal, raised.summary.remedy)
                )
        found = newest(folder)
        if not breaking.broke:
            break
        whole = newer if found.step == 8 else older  # what comes after the rename loses nothing
        assert torch.equal(found.weights()["weight"], whole.weight)
        assert torch.equal(at_step(folder, 4).weights()["weight"], older.weight)
        write(folder, 12, newer, best=4)
        prune(folder, step=12, keep=1)
        assert newest(folder).step == 12
        assert sorted(path.name for path in folder.iterdir()) == ["step-00000004", "step-00000012"]
        operations += 1
    assert operations >= 10
    assert newest(folder).step == 8


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 kB, and how to make it larger."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(options):
        return subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True, check=False)

    if shutil.which("mount") is None or mount("size=64k").returncode != 0:
        pytest.skip("a small file system cannot be mounted here; that takes root")
    yield place, lambda: mount("remount,size=4m")
    subprocess.run(["umount", place], check=True)


def test_a_disk_that_is_full_is_an_error_in_three_parts_and_loses_nothing(small_disk):
    place, enlarge = small_disk
    small, large = nn.Linear(4, 2), nn.Linear(100, 200)
    write(place, 1, small)
    with pytest.raises(TrainingError) as raised:
        write(place, 2, large)
    assert "step 2 could not be written" in raised.value.summary.met
    assert "No space left on device" in raised.value.summary.met
    assert raised.value.summary.legal == "what was saved before is untouched"
    assert "make room" in raised.value.summary.remedy
    assert torch.equal(newest(place).weights()["weight"], small.weight)
    assert [path.name for path in place.iterdir()] == ["step-00000001"]
    enlarge()
    write(place, 2, large)
    assert newest(place).step == 2


# --- broken ones are passed over


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    write(folder, 1, model := nn.Linear(4, 2), adamw(model))
    train(model, optimizer := adamw(model))
    write(folder, 2, model, optimizer)
    return folder, weights_of(at_step(folder, 2))


@settings(max_examples=150)
@given(st.sampled_from(FILES), st.floats(0, 1, exclude_max=True), st.integers(0, 7))
def test_one_bit_flipped_is_never_taken_for_what_was_written(pair, name, place, bit):
    folder, weights = pair
    path = folder / "step-00000002" / name
    before = path.read_bytes()
    at = int(place * len(before))
    path.write_bytes(before[:at] + bytes([before[at] ^ (1 << bit)]) + before[at + 1 :])
    try:
        found = newest(folder)
        if name != "manifest.json":
            assert found.step == 1
        elif found.step == 2:  # a blank, or a word that nobody reads
            assert weights_of(found) == weights
    finally:
        path.write_bytes(before)
    assert newest(folder).step == 2


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("harm", ["truncated", "emptied", "deleted", "of-another-kind"])
def test_a_harmed_file_leads_back_to_the_checkpoint_before(tmp_path, name, harm):
    write(tmp_path, 1)
    path = write(tmp_path, 2).path / name
    match harm:
        case "truncated":
            os.truncate(path, path.stat().st_size - 1)
        case "emptied":
            path.write_bytes(b"")
        case "deleted":
            path.unlink()
        case _:
            path.write_text("[1]")
    assert newest(tmp_path).step == 1
    with pytest.raises(DataError, match="no whole checkpoint of step 2: there are: 1"):
        at_step(tmp_path, 2)


def test_a_half_written_one_is_never_taken(tmp_path):
    write(tmp_path, 1)
    half = tmp_path / ".writing-step-00000002"
    shutil.copytree(tmp_path / "step-00000001", half)
    assert newest(tmp_path).step == 1
    assert newest(tmp_path / "none") is None


def test_of_another_format_is_not_taken(tmp_path, monkeypatch):
    write(tmp_path, 1)
    monkeypatch.setattr(checkpoints, "FORMAT", 99)
    assert newest(tmp_path) is None


def test_the_newest_is_told_by_its_number_not_by_its_letters(tmp_path):
    write(tmp_path, 99_999_999)
    write(tmp_path, 100_000_000)
    (tmp_path / "step-by-step").mkdir()
    assert newest(tmp_path).step == 100_000_000


def test_one_whose_best_is_lost_is_passed_over(tmp_path):
    write(tmp_path, 1, best=1)
    write(tmp_path, 2, best=2)
    write(tmp_path, 3, best=2)
    assert newest(tmp_path).step == 3
    (tmp_path / "step-00000002" / "state.json").write_text("{}")
    assert newest(tmp_path).step == 1


# --- which are kept, and where a training begins


def kept(folder):
    return sorted(int(path.name.removeprefix("step-")) for path in folder.glob("step-*"))


def test_the_newest_and_the_best_of_each_are_kept(tmp_path):
    for step, best in ((1, 1), (2, 2), (3, 2), (4, 4), (5, 4)):
        write(tmp_path, step, best=best)
    prune(tmp_path, step=5, keep=3)
    assert kept(tmp_path) == [2, 3, 4, 5]
    prune(tmp_path, step=5, keep=1)
    assert kept(tmp_path) == [4, 5]


def test_a_budget_takes_the_best_of_others_only_after_them(tmp_path):
    for step, best in ((1, 1), (2, 1), (3, 1), (4, 4)):
        write(tmp_path, step, best=best)
    each = checkpoints.size_of(tmp_path / "step-00000004")
    assert list(prune(tmp_path, step=4, keep="all", budget=3 * each + each // 2)) == [2]
    assert kept(tmp_path) == [1, 3, 4]
    (tmp_path / "step-00000004" / "state.json").write_text("broken")
    assert newest(tmp_path).step == 3
    shutil.rmtree(tmp_path / "step-00000004")
    write(tmp_path, 4, best=4)
    assert list(prune(tmp_path, step=4, keep="all", budget=each + each // 2)) == [3, 1]


def test_what_lies_ahead_and_what_is_half_written_goes(tmp_path):
    for step in (1, 2, 9):
        write(tmp_path, step)
    (tmp_path / ".writing-step-00000009").mkdir()
    (tmp_path / "step-00000002" / "state.json").write_text("broken")
    prune(tmp_path, step=2, keep=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-00000001", "step-00000002"]


def test_where_a_training_begins(tmp_path):
    folder = tmp_path / "checkpoints"
    assert departure(folder, resume=False) is None
    assert departure(folder, resume=True) is None
    write(folder, 5)
    assert departure(folder, resume=True).step == 5
    with pytest.raises(UsageError, match=r"holds checkpoints of a training \(step-00000005 is the newest"):
        departure(folder, resume=False)
    (folder / "step-00000005" / "state.json").unlink()
    with pytest.raises(DataError, match=r"none of the checkpoints in .* is whole"):
        departure(folder, resume=True)


def test_a_checkpoint_holds_nothing_that_could_run(tmp_path):
    checkpoint = write(tmp_path, 1)
    assert sorted(path.name for path in checkpoint.path.iterdir()) == sorted(FILES)
    assert json.loads((checkpoint.path / "state.json").read_text())["step"] == 1
