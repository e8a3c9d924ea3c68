import contextlib
import random

import numpy as np
import torch

from kilter.engine.seeding import fresh_model, left_as_found, random_state, restore, seed_everything


def draw() -> tuple[float, float, float]:
    numpy = float(np.random.rand())  # noqa: NPY002 - the global generator is what is meant
    return random.random(), numpy, float(torch.rand(()))


def test_a_seed_decides_all_generators():
    seed_everything(3)
    first = draw()
    seed_everything(3)
    assert draw() == first
    seed_everything(4)
    assert all(mine != theirs for mine, theirs in zip(draw(), first, strict=True))


def test_a_state_can_be_given_back():
    state = random_state()
    first = draw()
    restore(state)
    assert draw() == first


def test_everything_is_left_as_found_even_after_an_error():
    seed_everything(0)
    expected = draw()
    seed_everything(0)
    with contextlib.suppress(RuntimeError), left_as_found():
        seed_everything(9)
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float64)
        raise RuntimeError
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() is torch.float32
    assert draw() == expected


def test_a_model_follows_from_its_seed(make_pipeline):
    pipeline = make_pipeline()
    first, again, other = (fresh_model(pipeline, seed).out.weight for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
