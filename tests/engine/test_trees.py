"""Tensors inside of what people make of them."""

from collections import OrderedDict, UserDict, defaultdict
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_sequence

from kilter.engine.trees import apart, detached, leaves, size, take, with_leaves


class Pair(NamedTuple):
    left: torch.Tensor
    right: int


@dataclass(frozen=True, slots=True)
class Frozen:
    numbers: torch.Tensor
    name: str = "text"


@dataclass
class Counted:
    numbers: torch.Tensor
    length: int = field(init=False, default=0)

    def __post_init__(self):
        self.length = len(self.numbers)


class Encoding(UserDict):
    """As tokenisers give."""


TREES = {
    "tensor": lambda t: t,
    "tuple": lambda t: (t, "text"),
    "list": lambda t: [t, None],
    "named": lambda t: Pair(t, 3),
    "mapping": lambda t: {"x": t, "names": ["a"]},
    "ordered": lambda t: OrderedDict(x=t),
    "defaulting": lambda t: defaultdict(list, x=t),
    "encoding": lambda t: Encoding({"x": t}),
    "read-only": lambda t: MappingProxyType({"x": t, "n": 1}),
    "frozen": Frozen,
    "counted": Counted,
    "nested": lambda t: {"a": (Frozen(t), [{"b": 0}])},
}


@pytest.mark.parametrize("kind", TREES)
def test_leaves_are_found_and_replaced_in_a_tree_of_the_same_kind(kind):
    old, new = torch.arange(6.0).reshape(3, 2), torch.ones(3, 2)
    tree = TREES[kind](old)
    (path,) = leaves(tree)
    other = with_leaves(tree, {path: new})

    assert leaves(tree)[path] is old
    assert leaves(other)[path] is new
    assert type(other) is type(tree)


@pytest.mark.parametrize("kind", TREES)
def test_nothing_new_is_the_very_same_tree(kind):
    tree = TREES[kind](torch.zeros(2))
    assert with_leaves(tree, {}) is tree


@pytest.mark.parametrize("kind", TREES)
def test_copies_have_no_graph_and_containers_of_their_own(kind):
    asked = torch.ones(2, 2, requires_grad=True)
    (copy,) = leaves(detached(TREES[kind](asked))).values()
    assert not copy.requires_grad
    assert copy is not asked
    (kept,) = leaves(apart(TREES[kind](asked))).values()
    assert kept is asked
    (own,) = leaves(apart(TREES[kind](plain := torch.ones(2)))).values()
    own.zero_()
    assert plain.all()


def test_what_is_popped_from_a_tree_of_its_own_stays_in_the_other():
    tree = {"x": torch.zeros(2), "labels": torch.ones(2)}
    apart(tree).pop("labels")
    assert set(tree) == {"x", "labels"}


def test_torchs_own_named_results_are_trees():
    best = torch.eye(3).max(dim=1)
    other = with_leaves(best, {(0,): torch.zeros(3)})
    assert torch.equal(other.values, torch.zeros(3))
    assert torch.equal(other.indices, best.indices)
    packed = pack_sequence([torch.ones(3, 2), torch.ones(1, 2)])
    assert torch.equal(detached(packed).data, packed.data)


def test_the_size_is_what_most_tensors_begin_with():
    assert size({"x": torch.zeros(4, 2), "y": torch.zeros(4), "weights": torch.zeros(7)}) == 4
    assert size(torch.tensor(1.0)) is None
    assert size("text") is None
    assert size((torch.zeros(0, 3),)) == 0


@given(st.lists(st.integers(0, 4), max_size=8))
def test_rows_are_taken_from_all_tensors_that_have_them(rows):
    batch = {"x": torch.arange(10).reshape(5, 2), "y": torch.arange(5), "classes": torch.arange(3), "n": 5}
    taken = take(batch, rows)

    assert taken["y"].tolist() == rows
    assert taken["x"].tolist() == [[2 * row, 2 * row + 1] for row in rows]
    assert taken["classes"] is batch["classes"]
    assert taken["n"] == 5
