import contextlib
import random

import numpy as np
import pytest
import torch

from kilter.engine.seeding import fresh_model, left_as_found, random_state, restore, same_bits, seed_everything
from kilter.values.errors import TrainingError


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


def test_indexing_on_several_threads_gives_the_same_bits():
    """Its gradient adds to the same places from several threads, in any order, unless it is asked not to."""

    def gradient():
        table = torch.ones(1000, 64, requires_grad=True)
        chosen = table[torch.arange(20_000) % 1000]
        (values,) = torch.autograd.grad((chosen * parts).sum(), table)
        return values

    parts = torch.randn(20_000, 64)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with same_bits():
            first = gradient()
            assert all(torch.equal(gradient(), first) for _ in range(5))
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("wanted", [True, False])
def test_settings_of_kernels_are_left_as_found_even_after_an_error(wanted):
    def settings():
        return (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
            torch.utils.deterministic.fill_uninitialized_memory,
            torch.backends.cudnn.benchmark,
        )

    before = settings()
    with contextlib.suppress(ZeroDivisionError), same_bits(wanted=wanted):
        assert settings()[0] == wanted
        raise ZeroDivisionError
    assert settings() == before


def test_an_operation_without_such_a_kernel_is_said_and_other_errors_stay_what_they_are():
    said = "put_ does not have a deterministic implementation, but you set 'torch.use_deterministic_algorithms(True)'"
    with pytest.raises(
        TrainingError, match=r"put_ does not have .* implementation: with train\.deterministic.*; set train"
    ):
        fail_inside(RuntimeError(said))
    with pytest.raises(RuntimeError, match="shapes"):
        fail_inside(RuntimeError("shapes do not fit"))


def fail_inside(error):
    with same_bits():
        raise error


def test_a_model_follows_from_its_seed(make_pipeline):
    pipeline = make_pipeline()
    first, again, other = (fresh_model(pipeline, seed).out.weight for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
