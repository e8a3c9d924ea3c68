import random
from collections import deque
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from kilter.testing.trainee import make_pipeline
from kilter.training.fit import fit
from kilter.training.witness import Witness, read_deposition, state_of


class Keeping(nn.Module):
    """Keeps one thing beside its state."""

    def __init__(self, kept):
        super().__init__()
        self.inner = nn.Linear(2, 2)
        self.inner.kept = kept


def digest(kept):
    torch.manual_seed(0)
    return state_of(Keeping(kept), None)["modules"]["inner.kept"]


class Thing:
    """Somebody's own."""

    def __init__(self, value):
        self.value = value
        self.itself = self


PAIRS = {
    "numbers": (1, 2),
    "floats": (0.1, 0.1 + 1e-17 + 1e-16),
    "kinds": (1, True),
    "texts": ("a", "b"),
    "tensors": (torch.zeros(2), torch.ones(2)),
    "shapes": (torch.zeros(2, 1), torch.zeros(1, 2)),
    "types": (torch.zeros(2), torch.zeros(2, dtype=torch.int32)),
    "arrays": (np.zeros(2), np.ones(2)),
    "lists": ([1, [2]], [1, [3]]),
    "deques": (deque([1, 2]), deque([2, 1])),
    "mappings": ({"a": 1}, {"a": 2}),
    "sets": ({"a", "b"}, {"a", "c"}),
    "python generators": (random.Random(1), random.Random(2)),
    "numpy generators": (np.random.default_rng(1), np.random.default_rng(2)),
    "torch generators": (torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)),
    "things": (Thing(1), Thing(2)),
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_what_a_module_keeps_is_told_apart(pair):
    one, other = pair
    assert digest(one) != digest(other)
    assert digest(one) == digest(one)


def test_no_address_is_in_a_digest():
    """The same things in two processes lie elsewhere."""
    assert digest(Thing([1, {"a"}])) == digest(Thing([1, {"a"}]))
    assert digest(lambda: 1) == digest(lambda: 1)


def test_all_parts_of_a_training_and_their_names():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    model[1].register_buffer("seen", torch.zeros(1), persistent=False)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    model(torch.randn(4, 2)).sum().backward()
    optimizer.step()
    state = state_of(model, optimizer)
    assert set(state) == {"weights", "optimizer", "random state", "modules"}
    assert "0.weight" in state["weights"]
    assert "0.weight.exp_avg" in state["optimizer"]
    assert "group 0.lr" in state["optimizer"]
    assert "1.seen" in state["modules"]
    optimizer.param_groups[0]["lr"] = 0.2
    torch.rand(1)
    other = state_of(model, optimizer)
    changed = {(part, name) for part in state for name in state[part] if state[part][name] != other[part][name]}
    assert changed == {("optimizer", "group 0.lr"), ("random state", "of torch")}


def test_a_witness_changes_nothing_and_tells_all(tmp_path):
    pipeline = make_pipeline(length="6st")
    alone = fit(pipeline)
    witness = Witness(tmp_path / "seen.json", steps=3)
    seen = fit(witness.attend(pipeline), observers=(witness,))
    for name, tensor in alone.model.state_dict().items():
        assert torch.equal(tensor, seen.model.state_dict()[name]), name
    seen = read_deposition(tmp_path / "seen.json")
    assert sorted(seen.ids) == sorted(seen.given) == sorted(seen.losses) == [1, 2, 3, 4, 5, 6]
    assert len(set(seen.ids.values())) == len(set(seen.given.values())) == 6
    assert [float.fromhex(seen.losses[step]) for step in range(1, 7)] == alone.history["train.loss"].values.tolist()
    assert seen.before["weights"] != seen.after["weights"]
    assert seen.reason == "all steps done"


def test_other_inputs_of_the_same_rows_are_told_from_other_rows(tmp_path):
    depositions = []
    for number, change in enumerate((lambda batch: batch, moved)):
        pipeline = make_pipeline(length="2st")
        witness = Witness(tmp_path / f"{number}.json", steps=1)
        pipeline = replace(pipeline, splits={**pipeline.splits, "train": Changed(pipeline.splits["train"], change)})
        fit(witness.attend(pipeline), observers=(witness,))
        depositions.append(read_deposition(tmp_path / f"{number}.json"))
    assert depositions[0].ids == depositions[1].ids
    assert depositions[0].given != depositions[1].given


def moved(batch):
    return replace(batch, inputs={name: value + 1 for name, value in batch.inputs.items()})


class Changed:
    """A source whose batches are changed."""

    def __init__(self, source, change):
        self.source, self.change = source, change

    def __getattr__(self, name):
        return getattr(self.source, name)

    def __len__(self):
        return len(self.source)

    def batch(self, rows, **where):
        return self.change(self.source.batch(rows, **where))
