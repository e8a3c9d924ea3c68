"""Counting the floating-point operations of one step."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any, Final

import torch
from torch.utils import flop_counter
from torch.utils.flop_counter import FlopCounterMode, sdpa_backward_flop_count, sdpa_flop_count

from kilter.engine.seeding import left_as_found
from kilter.engine.stepping import loss_and_gradients

if TYPE_CHECKING:
    from torch import nn

    from kilter.values.batch import Batch
    from kilter.values.pipeline import Pipeline

Shape = Sequence[int]


def count_flops(pipeline: Pipeline, model: nn.Module, batch: Batch) -> int:
    """Operations of a forward and a backward pass over a batch: of matrix products, convolutions, attention, cells.

    A multiplication and an addition are two. What goes number by number (activations, norms, the optimizer) is left
    out, as is usual: it is little beside them. Parameters, their gradients, buffers and random states stay as they are.
    """
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    _without_compiler()
    with (
        left_as_found(),
        warnings.catch_warnings(),
        FlopCounterMode(display=False, custom_mapping=FORMULAS) as counted,
    ):
        warnings.simplefilter("ignore")
        try:
            loss_and_gradients(pipeline, model, batch)
        finally:
            with torch.no_grad():
                for buffer, before in buffers:
                    buffer.copy_(before)
    return int(counted.get_total_flops())


def _without_compiler() -> None:
    """Have torch's counter work without loading torch's compiler, which takes as long as loading torch."""
    if "torch._dynamo" not in sys.modules:
        dispatch = flop_counter._FlopCounterMode.__torch_dispatch__  # noqa: SLF001 - there is no public way
        inner = getattr(dispatch, "__wrapped__", None)
        if inner is not None:
            setattr(inner, "__dynamo_disable", inner)  # the plain name would be mangled in a class


def _attention(query: Shape, key: Shape, value: Shape, *_: Any, **__: Any) -> int:
    return int(sdpa_flop_count(query, key, value))  # type: ignore[no-untyped-call]


def _attention_back(gradient: Shape, query: Shape, key: Shape, value: Shape, *_: Any, **__: Any) -> int:
    return int(sdpa_backward_flop_count(gradient, query, key, value))  # type: ignore[no-untyped-call]


def _cells(inputs: Shape, to_gates: Shape, between: Shape, *_: Any, **__: Any) -> int:
    """One layer of recurrent cells in one direction, over inputs (..., d): two products at each place."""
    return 2 * prod(inputs[:-1]) * (prod(to_gates) + prod(between))


def _cells_back(*given: Any, **_: Any) -> int:
    return 2 * _cells(*given)


def _stack(inputs: Shape, weights: Sequence[Shape], *_: Any, **__: Any) -> int:
    """All layers of recurrent cells at once."""
    return 2 * prod(inputs[:-1]) * sum(prod(weight) for weight in weights if len(weight) == 2)


def _stack_back(*given: Any, **_: Any) -> int:
    return 2 * _stack(*given)


_OPS: Final = torch.ops.aten
FORMULAS: Final = {
    _OPS._scaled_dot_product_flash_attention_for_cpu: _attention,  # noqa: SLF001
    _OPS._scaled_dot_product_flash_attention_for_cpu_backward: _attention_back,  # noqa: SLF001
    _OPS.mkldnn_rnn_layer: _cells,
    _OPS.mkldnn_rnn_layer_backward: _cells_back,
    _OPS._cudnn_rnn: _stack,  # noqa: SLF001
    _OPS._cudnn_rnn_backward: _stack_back,  # noqa: SLF001
}
"""Of kernels that torch's counter (2.13) passes over in silence."""
