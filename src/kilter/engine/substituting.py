"""Other numbers in the place of what a model answers, so that the rest of a step can be asked about them alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from kilter.engine.trees import leaves, with_leaves

if TYPE_CHECKING:
    from torch import Tensor, nn


@contextmanager
def answering(model: nn.Module, answer: Any) -> Iterator[None]:
    """Inside, a model answers this whatever it is asked, and computes nothing."""
    own = model.__dict__.get("forward")
    model.__dict__["forward"] = lambda *_arguments, **_keywords: answer
    try:
        yield
    finally:
        if own is None:
            del model.__dict__["forward"]
        else:
            model.__dict__["forward"] = own


@contextmanager
def answering_inside(module: nn.Module, answer: Tensor) -> Iterator[None]:
    """Inside, one part of a model gives this tensor in the place of its own; the others compute as ever."""
    handle = module.register_forward_hook(lambda _module, _arguments, _result: answer)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def givers(model: nn.Module) -> Iterator[dict[int, tuple[Tensor, nn.Module]]]:
    """Inside, each part of a model that gives one tensor is noted with it under its id; the innermost giver stays."""
    noted: dict[int, tuple[Tensor, nn.Module]] = {}  # the tensor itself, since ids hold as long as it lives

    def note(module: nn.Module, _arguments: Any, result: Any) -> None:
        if isinstance(result, torch.Tensor):
            noted.setdefault(id(result), (result, module))

    handles = [module.register_forward_hook(note) for module in model.modules()]
    try:
        yield noted
    finally:
        for handle in handles:
            handle.remove()


def with_answer(outputs: Any, old: Tensor, new: Tensor) -> Any:
    """What a model gave, with one of its tensors replaced; the others are cut from their graphs."""
    return with_leaves(
        outputs, {path: new if tensor is old else tensor.detach() for path, tensor in leaves(outputs).items()}
    )
