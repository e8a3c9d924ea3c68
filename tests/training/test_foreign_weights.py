import pickle
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from kilter.engine.seeding import random_state, seed_everything
from kilter.testing.state import random_states
from kilter.training.checkpoints import save
from kilter.training.foreign_weights import BeginningWith, begin_with, load_weights, weights_faults
from kilter.training.keeping import write_best
from kilter.values.errors import DataError, UsageError


class Net(nn.Module):
    """Two layers and a buffer."""

    def __init__(self, out=2):
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.norm = nn.BatchNorm1d(4)
        self.out = nn.Linear(4, out)

    def forward(self, numbers):
        return self.out(self.norm(self.first(numbers)))


@pytest.fixture
def theirs():
    seed_everything(1)
    model = Net()
    model.norm.running_mean.fill_(0.5)
    return model


@pytest.fixture
def mine():
    seed_everything(2)
    return Net()


def assert_same(one, other):
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name]), name


def checkpoint(folder, model, step=7, **options):
    return save(
        folder,
        step=step,
        best=step,
        model=model,
        optimizer=torch.optim.AdamW(model.parameters()),
        random=random_state(),
        **options,
    )


# --- whatever they come in


FORMS = {
    "state_dict": lambda state: state,
    "under state_dict": lambda state: {"state_dict": state, "epoch": 3},
    "under model": lambda state: {"model": state, "optimizer": {"state": {0: {"step": torch.ones(1)}}}},
    "of DataParallel": lambda state: {f"module.{name}": tensor for name, tensor in state.items()},
    "compiled": lambda state: {f"_orig_mod.{name}": tensor for name, tensor in state.items()},
    "of Lightning": lambda state: {"state_dict": {f"model.{name}": tensor for name, tensor in state.items()}},
    "compiled, of DataParallel": lambda state: {f"module._orig_mod.{name}": tensor for name, tensor in state.items()},
}


@pytest.mark.parametrize(
    ("form", "stripped"),
    [
        ("state_dict", ()),
        ("under state_dict", ("'state_dict'",)),
        ("under model", ("'model'",)),
        ("of DataParallel", ("'module.'",)),
        ("compiled", ("'_orig_mod.'",)),
        ("of Lightning", ("'state_dict'", "'model.'")),
        ("compiled, of DataParallel", ("'module.'", "'_orig_mod.'")),
    ],
)
@pytest.mark.parametrize("ending", [".pt", ".pth", ".bin"])
def test_state_dicts_as_people_write_them(tmp_path, theirs, form, stripped, ending):
    path = tmp_path / f"weights{ending}"
    torch.save(FORMS[form](theirs.state_dict()), path)
    mine = Net()
    matched = load_weights(mine, path)
    assert_same(mine, theirs)
    assert not mine.training
    assert matched.complete
    assert matched.stripped == stripped
    assert len(matched.matched) == len(theirs.state_dict())
    assert str(matched).startswith(f"9 of 9 tensors have the weights of weights{ending}")


def test_a_safetensors_file(tmp_path, theirs, mine):
    save_file(theirs.state_dict(), tmp_path / "weights.safetensors")
    assert load_weights(mine, str(tmp_path / "weights.safetensors")).complete
    assert_same(mine, theirs)


@pytest.mark.parametrize("content", ["full", "weights"])
@pytest.mark.parametrize("place", ["run", "checkpoints", "checkpoint"])
def test_runs_and_checkpoints(tmp_path, theirs, mine, content, place):
    folder = tmp_path / "run" / "checkpoints"
    kept = checkpoint(folder, theirs, 7, content=content)
    checkpoint(folder, Net(), 9, content=content)
    write_best(folder, 7)
    path = {"run": tmp_path / "run", "checkpoints": folder, "checkpoint": kept.path}[place]
    matched = load_weights(mine, path)
    assert_same(mine, theirs)
    assert "step 7" in matched.source


def test_names_that_really_begin_so_are_left(tmp_path, theirs):
    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = Net()

    wrapped = Wrapped()
    torch.save({f"model.{name}": tensor for name, tensor in theirs.state_dict().items()}, tmp_path / "a.pt")
    matched = load_weights(wrapped, tmp_path / "a.pt")
    assert not matched.stripped
    assert_same(wrapped.model, theirs)


# --- what does not match


def test_what_is_missing_unexpected_and_of_another_shape_is_said(tmp_path, theirs):
    state = {**theirs.state_dict(), "head.bias": torch.ones(3)}
    del state["norm.running_mean"]
    torch.save(state, tmp_path / "a.pt")
    mine = Net(out=5)
    before = mine.out.weight.clone()
    matched = load_weights(mine, tmp_path / "a.pt")
    assert matched.missing == ("norm.running_mean",)
    assert matched.unexpected == ("head.bias",)
    assert dict(matched.reshaped) == {"out.weight": ((2, 4), (5, 4)), "out.bias": ((2,), (5,))}
    assert not matched.complete
    assert torch.equal(mine.out.weight, before)
    assert torch.equal(mine.first.weight, theirs.first.weight)
    assert str(matched) == (
        "6 of 9 tensors have the weights of a.pt; of another shape: out.weight [2, 4] for [5, 4], "
        "out.bias [2] for [5]; not among them: norm.running_mean; not in the model: head.bias"
    )


def test_nothing_that_matches_is_an_error(tmp_path, mine):
    torch.save({"encoder.weight": torch.ones(2)}, tmp_path / "a.pt")
    before = {name: tensor.clone() for name, tensor in mine.state_dict().items()}
    with pytest.raises(
        UsageError, match=r"nothing of a\.pt matches the model: it has encoder\.weight, and the model first"
    ):
        load_weights(mine, tmp_path / "a.pt")
    assert all(torch.equal(tensor, before[name]) for name, tensor in mine.state_dict().items())


class Evil:
    """Would write a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_nothing_that_could_run_is_read(tmp_path, mine):
    torch.save({"state_dict": mine.state_dict(), "more": Evil(tmp_path / "written")}, tmp_path / "a.pt")
    with pytest.raises(DataError, match=r"holds more than tensors.*torch\.save\(model\.state_dict\(\)"):
        load_weights(mine, tmp_path / "a.pt")
    assert not (tmp_path / "written").exists()


def test_a_whole_model_is_no_state_dict(tmp_path, mine):
    torch.save(mine, tmp_path / "a.pt")
    with pytest.raises(DataError, match=r"holds more than tensors \(UnpicklingError\): tensors in plain"):
        load_weights(mine, tmp_path / "a.pt")


@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
def test_a_broken_file_is_said(tmp_path, mine, theirs, ending):
    path = tmp_path / f"a{ending}"
    (torch.save if ending == ".pt" else save_file)(theirs.state_dict(), path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match="cannot be read"):
        load_weights(mine, path)


@pytest.mark.parametrize("tree", [3, [torch.ones(2)], {"epoch": 3}])
def test_a_file_without_tensors_by_name(tmp_path, mine, tree):
    torch.save(tree, tmp_path / "a.pt")
    with pytest.raises(UsageError, match="holds no tensors by name"):
        load_weights(mine, tmp_path / "a.pt")


def test_what_is_no_place_of_weights(tmp_path, mine):
    (tmp_path / "a.txt").write_text("x")
    for name, said in (("none.pt", "does not exist"), ("a.txt", "ends in '.txt'"), (".", "has no weights")):
        with pytest.raises(UsageError, match=said):
            load_weights(mine, tmp_path / name)
    (tmp_path / "old.pt").write_bytes(pickle.dumps({"a": 1}, protocol=0))
    with pytest.raises((DataError, UsageError)):
        load_weights(mine, tmp_path / "old.pt")


# --- a factory that begins with them


def test_a_factory_begins_with_them_and_draws_as_before(tmp_path, theirs):
    torch.save({"first.weight": theirs.first.weight, "first.bias": theirs.first.bias}, tmp_path / "a.pt")
    before = random_states()
    factory = begin_with(Net, tmp_path / "a.pt")
    assert random_states() == before
    assert factory.matched.matched == ("first.weight", "first.bias")
    seed_everything(5)
    made = factory()
    after = random_states()
    seed_everything(5)
    plain = Net()
    assert random_states() == after
    assert made.training
    assert torch.equal(made.first.weight, theirs.first.weight)
    assert torch.equal(made.out.weight, plain.out.weight)
    assert repr(factory) == "BeginningWith('a.pt', 2 tensors)"


def test_a_pipeline_whose_factory_knows_nothing_of_them(tmp_path, theirs, make_pipeline):

    pipeline = make_pipeline()
    assert not list(weights_faults(pipeline))
    asked = replace(pipeline, recipe=pipeline.recipe.replace("train.weights", "a.pt"))
    (fault,) = weights_faults(asked)
    assert "train.weights = 'a.pt' decides nothing" in fault.met
    assert "kilter.load_weights" in fault.remedy
    torch.save(pipeline.make_model().state_dict(), tmp_path / "a.pt")
    begun = replace(asked, make_model=begin_with(pipeline.make_model, tmp_path / "a.pt"))
    assert isinstance(begun.make_model, BeginningWith)
    assert not list(weights_faults(begun))
