"""Watching the activations of a model: results of its non-linear functions, whoever calls them."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias, final

import torch
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import TorchDispatchMode

if TYPE_CHECKING:
    from torch import Tensor, nn

KINDS: Final = {
    "relu": "relu",
    "relu_": "relu",
    "clamp_min": "relu",
    "clamp_min_": "relu",
    "clamp": "relu",
    "clamp_": "relu",
    "threshold": "relu",
    "threshold_": "relu",
    "hardtanh": "relu",
    "hardtanh_": "relu",
    "leaky_relu": "other",
    "leaky_relu_": "other",
    "elu": "other",
    "elu_": "other",
    "gelu": "other",
    "silu": "other",
    "silu_": "other",
    "hardswish": "other",
    "hardswish_": "other",
    "mish": "other",
    "softplus": "other",
    "tanh": "tanh",
    "tanh_": "tanh",
    "sigmoid": "sigmoid",
    "sigmoid_": "sigmoid",
    "_softmax": "softmax",
    "_safe_softmax": "softmax",
    "_scaled_dot_product_flash_attention_for_cpu": "attention",
    "_scaled_dot_product_fused_attention_overrideable": "attention",
    "_scaled_dot_product_flash_attention": "attention",
    "_scaled_dot_product_efficient_attention": "attention",
    "_fused_rms_norm": "other",
}
"""Operations of torch below autograd, where modules, functions, methods and fused layers look the same."""

_PASSING: Final = frozenset({"mul", "mul_", "native_dropout", "_to_copy", "clone", "masked_fill", "where"})
"""Operations between the shares of an attention and the product in which they weigh: dropout, casts, masks."""

_WEIGHTING: Final = {"convolution": True, "addmm": False, "mm": False, "bmm": False, "baddbmm": False}
"""Operations in which weights are applied, and whether units then stand in the second dimension."""


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Activation:
    """What a non-linear function gave; the tensors live, and are overwritten later if the model writes into them.

    Attributes:
        kind: relu, tanh, sigmoid, other; softmax where the shares then weigh something in a product of batches of
            matrices, and stand in it as that sees them; attention where torch does all of it in one.
        module: the name of the innermost module that was being called.
        given: the arguments; the queries, keys and values of an attention first.
        keywords: the others.
        result: what came out.
        units: the dimension in which units stand: the second after a convolution, else the last.
        layer: the name of the module whose weights were applied last before; empty where none were.
        bounded: whether a rectifier has an upper end, too.
    """

    kind: str
    module: str
    given: tuple[Any, ...]
    keywords: dict[str, Any]
    result: Tensor
    units: int
    layer: str = ""
    bounded: bool = False


Look: TypeAlias = "Callable[[Activation], None]"


@final
@dataclass(frozen=True, slots=True)
class Calls:
    """What was called while activations were watched.

    Attributes:
        parts: names of the model's parts in the order in which they were first called.
        applied: how often a matrix product or convolution took a parameter, by its name.
    """

    parts: list[str]
    applied: Counter[str]


@contextmanager
def watching(model: nn.Module, look: Look) -> Iterator[Calls]:
    """Inside, each activation of the model is looked at when it has just been computed.

    What is computed outside of the model's calls, as in a loss, is not looked at.
    """
    calls, inside = Calls([], Counter()), list[str]()
    handles = _follow(model, inside, calls)
    try:
        with _Watch(look, inside, calls, names_of(model)):
            yield calls
    finally:
        for handle in handles:
            handle.remove()


@final
class Lookout:
    """The same from `open` to `close`, for whoever does not call the model himself.

    torch is listened to only while the model is being called, so that nothing of a loss, a backward pass or an update
    takes another way or longer.

    Attributes:
        calls: what was called.
        seconds: what listening took: the time in the model's calls in which torch did not do what it was asked for.
    """

    def __init__(self, model: nn.Module, look: Look) -> None:
        self.calls = Calls([], Counter())
        self.seconds = 0.0
        inside = list[str]()
        self._watch = _Watch(look, inside, self.calls, names_of(model))
        self._listening = False
        self._began = 0.0
        self._handles = _follow(model, inside, self.calls, self._begin, self._end)

    def close(self) -> None:
        """Let go of the model, also in the middle of a call that was interrupted."""
        self._end()
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _begin(self) -> None:
        if not self._listening:
            self._began, self._watch.working = time.perf_counter(), 0.0
            self._watch.__enter__()  # type: ignore[no-untyped-call]  # torch's modes bear no types
            self._listening = True

    def _end(self) -> None:
        if self._listening:
            self._listening = False
            self._watch.__exit__(None, None, None)  # type: ignore[no-untyped-call]
            self._watch.forget()
            self.seconds += time.perf_counter() - self._began - self._watch.working


def _follow(
    model: nn.Module,
    inside: list[str],
    calls: Calls,
    begin: Callable[[], None] | None = None,
    end: Callable[[], None] | None = None,
) -> list[Any]:
    """Keep the names of the modules that are being called; say when the first begins and the last ends."""
    handles: list[Any] = []

    def entering(name: str) -> Any:
        def hook(_module: nn.Module, _arguments: Any) -> None:
            if begin is not None and not inside:
                begin()
            inside.append(name)
            if name not in calls.parts:
                calls.parts.append(name)

        return hook

    def leaving(_module: nn.Module, _arguments: Any, _result: Any) -> None:
        if inside:
            inside.pop()
        if end is not None and not inside:
            end()

    for name, module in model.named_modules():
        handles.append(module.register_forward_pre_hook(entering(name)))
        handles.append(module.register_forward_hook(leaving, always_call=True))
    return handles


def names_of(model: nn.Module) -> dict[int, str]:
    """The names of a model's parameters by where their numbers begin."""
    given = ((name, parameter) for name, parameter in model.named_parameters() if not _empty(parameter))
    return {id_of(parameter): name for name, parameter in given}


def _empty(parameter: Tensor) -> bool:
    """Whether a parameter waits for the first batch to have a shape, and has no numbers yet."""
    return is_lazy(parameter)


@final
class _Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's modes bear no types
    def __init__(self, look: Look, inside: list[str], calls: Calls, parameters: dict[int, str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._look = look
        self._inside = inside
        self._calls = calls
        self._parameters = parameters
        self._units = -1
        self._layer = ""
        self._shares: deque[Activation] = deque(maxlen=4)
        self._passed: deque[tuple[Tensor, Activation]] = deque(maxlen=4)
        self._looking = False
        self.working = 0.0  # seconds in which torch did what it was asked for

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else torch loads its compiler to keep it out of here, which takes as long as loading torch

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        began = time.perf_counter()
        result = func(*args, **(kwargs or {}))
        self.working += time.perf_counter() - began
        name = func.overloadpacket.__name__
        if not self._inside or self._looking:
            return result
        if name in _WEIGHTING:
            self._units = 1 if _WEIGHTING[name] else -1
            for part in args:
                if isinstance(part, torch.Tensor) and part.ndim > 1 and id_of(part) in self._parameters:
                    self._calls.applied[self._parameters[id_of(part)]] += 1
                    self._layer = self._parameters[id_of(part)].rpartition(".")[0]
            self._weighed(name, args)
        elif name in _PASSING:
            self._pass_on(args, result)
        elif name in KINDS:
            out = result[0] if isinstance(result, tuple) else result
            if isinstance(out, torch.Tensor) and _is_one(name, args, kwargs or {}):
                activation = Activation(
                    kind=KINDS[name],
                    module=self._inside[-1],
                    given=tuple(args),
                    keywords=dict(kwargs or {}),
                    result=out,
                    units=self._units if out.ndim > 2 else -1,
                    layer=self._layer,
                    bounded=name.startswith("hardtanh")
                    or (name.startswith("clamp") and _second_limit(args, kwargs or {})),
                )
                if activation.kind == "softmax":
                    self._shares.append(activation)
                else:
                    self._tell(activation)
        return result

    def forget(self) -> None:
        """Let go of tensors that were kept for what might come of them."""
        self._layer = ""
        self._shares.clear()
        self._passed.clear()

    def _weighed(self, name: str, arguments: tuple[Any, ...]) -> None:
        """Shares that now weigh something are those of an attention."""
        if name != "bmm" or not self._shares:
            return
        for at, part in enumerate(arguments[:2]):
            for activation in [one for one in self._shares if id_of(one.result) == id_of(part)]:
                self._shares.remove(activation)
                weights = part if at == 0 else part.transpose(-1, -2)  # what is weighed stands on the other side
                products = activation.given[0]
                products = products.reshape(weights.shape) if products.numel() == weights.numel() else weights
                self._tell(replace(activation, result=weights, given=(products,)))
            for activation in [one for passed, one in self._passed if id_of(passed) == id_of(part)]:
                self._passed = deque([one for one in self._passed if one[1] is not activation], maxlen=4)
                self._tell(activation)

    def _pass_on(self, arguments: tuple[Any, ...], result: Any) -> None:
        """Remember what dropout, a cast or a mask has made of shares; they are told as they were before."""
        out = result[0] if isinstance(result, tuple) else result
        if not (self._shares or self._passed) or not isinstance(out, torch.Tensor):
            return
        for part in arguments:
            if isinstance(part, torch.Tensor) and part.numel() == out.numel() and id_of(part) != id_of(out):
                waiting = [one for one in self._shares if id_of(one.result) == id_of(part)]
                waiting += [activation for passed, activation in self._passed if id_of(passed) == id_of(part)]
                self._passed.extend((out, activation) for activation in waiting)

    def _tell(self, activation: Activation) -> None:
        self._looking = True
        try:
            self._look(activation)
        finally:
            self._looking = False


def id_of(tensor: Tensor) -> int:
    """What a parameter and its views have in common: where their numbers begin."""
    return tensor.untyped_storage().data_ptr()


def _is_one(name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> bool:
    """Whether a limit is that of a rectifier: at zero below."""
    if not name.startswith(("clamp", "hardtanh", "threshold")):
        return True
    low = arguments[1] if len(arguments) > 1 else keywords.get("min")
    return isinstance(low, int | float) and low == 0


def _second_limit(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> bool:
    return (arguments[2] if len(arguments) > 2 else keywords.get("max")) is not None
