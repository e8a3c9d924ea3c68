import pickle

import pytest

from kilter.values.frozen_map import FrozenMap


def test_it_is_the_mapping_it_was_made_of_and_stays_so():
    items = {"b": 1, "a": 2}
    frozen = FrozenMap(items)
    items["c"] = 3

    assert frozen == {"b": 1, "a": 2}
    assert list(frozen) == ["b", "a"]
    assert len(frozen) == 2
    assert repr(frozen) == "{'b': 1, 'a': 2}"


def test_it_cannot_be_changed():
    frozen = FrozenMap({"a": 1})

    with pytest.raises(TypeError):
        frozen["a"] = 2
    with pytest.raises(TypeError):
        del frozen["a"]


def test_an_empty_one_needs_nothing():
    assert FrozenMap() == {}


def test_it_can_be_sent_to_another_process():
    assert pickle.loads(pickle.dumps(FrozenMap({"a": (1, 2)}))) == {"a": (1, 2)}
