"""Random states: set, kept, given back; and a model made from a seed."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
import torch

from kilter.values.errors import TrainingError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from kilter.values.pipeline import Pipeline


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RandomState:
    """The states of Python's, NumPy's and torch's global generators."""

    python: tuple[Any, ...]
    numpy: tuple[Any, ...]
    torch: Tensor
    cuda: tuple[Tensor, ...] = ()


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's and torch's global generators, on all devices."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - other people's code draws from it
    torch.manual_seed(seed)


def random_state() -> RandomState:
    """The global random states as they are."""
    cuda = tuple(torch.cuda.get_rng_state_all()) if torch.cuda.is_available() else ()
    numpy = np.random.get_state()  # noqa: NPY002 - other people's code draws from it
    return RandomState(python=random.getstate(), numpy=tuple(numpy), torch=torch.get_rng_state(), cuda=cuda)


def restore(state: RandomState) -> None:
    """Give the global generators back a state."""
    random.setstate(state.python)
    np.random.set_state(state.numpy)  # noqa: NPY002 - other people's code draws from it
    torch.set_rng_state(state.torch)
    if state.cuda:
        torch.cuda.set_rng_state_all(list(state.cuda))


@contextmanager
def left_as_found() -> Iterator[None]:
    """Whatever happens inside, the random states, the gradient mode and the default dtype are as before."""
    state = random_state()
    gradients, dtype = torch.is_grad_enabled(), torch.get_default_dtype()
    try:
        yield
    finally:
        torch.set_grad_enabled(gradients)
        torch.set_default_dtype(dtype)
        restore(state)


@contextmanager
def same_bits(*, wanted: bool = True) -> Iterator[None]:
    """Inside, torch takes only kernels that give the same bits each time, if that is wanted; then all is as before.

    Not only GPUs need this: with several threads, the gradient of indexing is added up in any order on the CPU, too.

    Raises:
        TrainingError: an operation has no such kernel.
    """
    if not wanted:
        yield
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS refuses to be deterministic
    settings: Any = torch.utils.deterministic  # a module that looks like a class; its attributes are unknown to types
    cudnn = torch.backends.cudnn
    before = settings.fill_uninitialized_memory, cudnn.benchmark
    # Not `use_deterministic_algorithms`, which loads the compiler to tell it, too, and takes as long as loading torch.
    mode = torch.get_deterministic_debug_mode()
    torch.set_deterministic_debug_mode("error")
    settings.fill_uninitialized_memory = False  # costs time at each tensor, and helps who reads before writing
    cudnn.benchmark = False
    try:
        yield
    except RuntimeError as error:
        if "deterministic" not in str(error):
            raise
        raise TrainingError(
            str(error).split(", but", maxsplit=1)[0],
            legal="with train.deterministic each operation gives the same bits each time",
            remedy="set train.deterministic to false, or use another operation",
        ) from error
    finally:
        settings.fill_uninitialized_memory, cudnn.benchmark = before
        torch.set_deterministic_debug_mode(mode)


def fresh_model(pipeline: Pipeline, seed: int, *, device: str = "cpu") -> nn.Module:
    """A new model whose weights follow from the seed alone; the global generators go on from that seed."""
    seed_everything(seed)
    return pipeline.make_model().to(device)
