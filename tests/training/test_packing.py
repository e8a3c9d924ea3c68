import random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kilter.training.packing import pack, unpack
from kilter.values.errors import TrainingError

PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
TREES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.integers() | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(TREES)
def test_a_tree_comes_back_with_its_types(tree):
    packed, tensors = pack(tree)
    assert not tensors
    assert repr(unpack(packed, tensors)) == repr(tree)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16, torch.int64, torch.uint8, torch.bool])
def test_tensors_keep_type_shape_and_bits(dtype):
    tree = {"a": [torch.randn(3, 2).mul(9).to(dtype), torch.tensor(1.5).to(dtype)], 7: {"empty": torch.empty(0, 4)}}
    packed, tensors = pack(tree, "state")
    again = unpack(packed, tensors)
    assert set(tensors) == {"state.a.0", "state.a.1", "state.7.empty"}
    for one, two in ((tree["a"][0], again["a"][0]), (tree["a"][1], again["a"][1])):
        assert one.dtype == two.dtype
        assert torch.equal(one, two)
    assert again[7]["empty"].shape == (0, 4)


def test_what_is_packed_is_no_copy():
    tensor, array = torch.zeros(3), np.zeros(3)
    _, tensors = pack({"a": tensor, "b": array})
    assert tensors["a"].data_ptr() == tensor.data_ptr()
    assert tensors["b"].data_ptr() == array.ctypes.data


def test_tied_tensors_are_stored_once_and_views_that_only_overlap_each():
    whole = torch.arange(6.0).view(2, 3)
    packed, tensors = pack({"one": whole, "tied": whole.view(2, 3), "turned": whole.t(), "first": whole[0]})
    assert set(tensors) == {"one", "turned", "first"}
    again = unpack(packed, tensors)
    assert torch.equal(again["tied"], whole)
    assert torch.equal(again["turned"], whole.t())


def test_generators_of_python_and_numpy_come_back():
    draw, other = random.Random(3), random.Random(4)
    packed, tensors = pack({"python": draw.getstate(), "numpy": np.random.RandomState(3).get_state()})
    again = unpack(packed, tensors)
    other.setstate(again["python"])
    numbers = np.random.RandomState(9)
    numbers.set_state(again["numpy"])
    assert other.random() == draw.random()
    assert numbers.rand() == np.random.RandomState(3).rand()


def test_what_cannot_be_stored_is_said_with_its_place():
    with pytest.raises(TrainingError, match=r"has a set at state\.0\.seen: numbers, strings.*have the model") as raised:
        pack({"state": {0: {"seen": {1, 2}}}})
    assert all((raised.value.summary.met, raised.value.summary.legal, raised.value.summary.remedy))
