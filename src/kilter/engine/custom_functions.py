"""A person's own subclasses of `torch.autograd.Function` in a graph, and what they are given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, final

import torch
from torch.autograd import Function

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """One application of a person's own function.

    Attributes:
        function: the class.
        arguments: what it was given, tensors as copies.
        asked: places of the arguments by which a gradient was asked for.
    """

    function: type[Function]
    arguments: tuple[Any, ...]
    asked: tuple[int, ...]


def functions_in(losses: Iterable[Tensor]) -> tuple[type[Function], ...]:
    """The classes of a person's own functions in the graphs of these tensors, those of torch left out."""
    pending: list[Any] = [loss.grad_fn for loss in losses if loss.grad_fn is not None]
    seen: set[Any] = set(pending)
    found: dict[type[Function], None] = {}
    while pending:
        node = pending.pop()
        kind = getattr(node, "_forward_cls", None)
        if isinstance(kind, type) and issubclass(kind, Function) and not kind.__module__.startswith("torch."):
            found[kind] = None
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                pending.append(following)
    return tuple(found)


@contextmanager
def hearing_functions(functions: Iterable[type[Function]]) -> Iterator[list[Applied]]:
    """Inside, the first application of each of these functions is noted."""
    noted: list[Applied] = []
    before: list[tuple[type[Function], Any]] = []

    def listening(kind: type[Function], original: Any) -> Any:
        apart = kind.setup_context is not Function.setup_context  # then `forward` is not given the context

        @wraps(original)  # torch asks for the signature
        def forward(*given: Any) -> Any:
            arguments = given if apart else given[1:]
            if not any(one.function is kind for one in noted):
                noted.append(
                    Applied(
                        function=kind,
                        arguments=tuple(part.detach().clone() if _tensor(part) else part for part in arguments),
                        asked=tuple(
                            at
                            for at, p in enumerate(arguments)
                            if _tensor(p) and p.is_floating_point() and p.requires_grad
                        ),
                    )
                )
            return original(*given)

        return forward

    for kind in functions:
        before.append((kind, kind.__dict__.get("forward")))
        setattr(kind, "forward", staticmethod(listening(kind, kind.forward)))  # noqa: B010 - a class's own, to be given back
    try:
        yield noted
    finally:
        for kind, original in before:
            if original is None:
                del kind.forward
            else:
                setattr(kind, "forward", original)  # noqa: B010 - as above


def _tensor(part: Any) -> bool:
    return isinstance(part, torch.Tensor)
