"""First weights: as large as keeps signals and gradients as large from layer to layer, chosen by what follows."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Final

import torch
from torch import Tensor, nn

OUTPUT_GAIN: Final = 0.1
"""Of the last layer, so that the first answers are close to chance, and yet every layer below gets a gradient."""

EMBEDDING_DEVIATION: Final = 0.25
"""Of embedding entries (Kim 2014, section 3.1, draws from ±0.25; a rate of 0.001 moves them in some hundred steps)."""

_FOLLOWED_BY: Final[tuple[tuple[tuple[type[nn.Module], ...], float], ...]] = (
    ((nn.ReLU, nn.LeakyReLU, nn.GELU, nn.SiLU, nn.ELU), math.sqrt(2.0)),  # He et al. 2015, equation 10: half is cut off
    ((nn.Tanh,), 5.0 / 3.0),  # torch's gain: what tanh takes from a signal of size 1
    ((nn.Sigmoid, nn.Softmax, nn.Identity), 1.0),
)
_NORMS: Final = (nn.LayerNorm, nn.RMSNorm, nn.GroupNorm, nn.modules.batchnorm._NormBase)  # noqa: SLF001 - parent of all
_PASSING: Final = (*_NORMS, nn.Dropout, nn.Dropout2d, nn.Flatten, nn.MaxPool2d, nn.AdaptiveAvgPool2d)
_WEIGHTED: Final = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


def initialise(model: nn.Module, *, output: str = "output", loaded: Collection[str] = ()) -> None:
    """Draw all weights of a model anew, in place, from torch's global random state.

    Linear and convolutional weights are normal. Where a rectifier follows (norms, dropout and pooling between do not
    count), the variance is 2 / fan-in (He et al. 2015, Delving deep into rectifiers, section 2.2); elsewhere it is
    gain² · 2 / (fan-in + fan-out) (Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward
    neural networks, equation 12). Layers are taken to be called in the order in which they were made. Recurrent
    matrices are orthogonal (Saxe et al. 2014), and the forget gates of an LSTM begin open (Jozefowicz et al. 2015,
    section 2.2). Biases begin at 0, norms at 1 and 0, embeddings with a deviation of 0.25, their padding at 0.

    Args:
        model: what is initialised.
        output: how the names of layers that give the answers begin; their weights are a tenth as large.
        loaded: names of parameters that were loaded; they stay as they are.
    """
    kept = frozenset(loaded)
    for name, module, gain in _in_order(model):
        free = {key: p for key, p in module.named_parameters(recurse=False) if f"{name}.{key}".lstrip(".") not in kept}
        with torch.no_grad():
            _draw(module, free, OUTPUT_GAIN if name.startswith(output) else gain)


def gains(model: nn.Module) -> dict[str, float]:
    """The gain of each linear and convolutional layer by name, as the activation that follows asks for it.

    >>> gains(nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3), nn.ReLU(), nn.Linear(3, 1)))
    {'0': 1.4142135623730951, '3': 1.0}
    """
    return {name: gain for name, module, gain in _in_order(model) if isinstance(module, _WEIGHTED)}


def _in_order(model: nn.Module) -> Iterator[tuple[str, nn.Module, float]]:
    """Modules that hold parameters themselves, in the order in which they were made, with the gain for each."""
    leaves = [(name, module) for name, module in model.named_modules() if _acts(module)]
    for place, (name, module) in enumerate(leaves):
        if any(True for _ in module.parameters(recurse=False)):
            following = (other for _, other in leaves[place + 1 :] if not isinstance(other, _PASSING))
            yield name, module, _gain(next(following, None)) if isinstance(module, _WEIGHTED) else 1.0


def _acts(module: nn.Module) -> bool:
    """Whether a module does something itself: it has parameters of its own, or no parts."""
    return next(module.parameters(recurse=False), None) is not None or next(module.children(), None) is None


def _gain(following: nn.Module | None) -> float:
    return next((gain for kinds, gain in _FOLLOWED_BY if isinstance(following, kinds)), 1.0)


def _draw(module: nn.Module, free: Mapping[str, Tensor], gain: float) -> None:
    for name, parameter in free.items():
        if isinstance(module, nn.Embedding):
            parameter.normal_(std=gain * EMBEDDING_DEVIATION)
            if module.padding_idx is not None:
                parameter[module.padding_idx] = 0.0
        elif isinstance(module, _NORMS):
            parameter.fill_(1.0 if name == "weight" else 0.0)
        elif isinstance(module, nn.RNNBase):
            _draw_recurrent(module, name, parameter)
        elif parameter.ndim < 2:
            parameter.zero_()
        elif gain == math.sqrt(2.0):
            nn.init.kaiming_normal_(parameter, nonlinearity="relu")
        else:
            nn.init.xavier_normal_(parameter, gain=gain)


def _draw_recurrent(module: nn.RNNBase, name: str, parameter: Tensor) -> None:
    """Weights of gates lie one above the other; each gate is a matrix of its own."""
    size = module.hidden_size
    if name.startswith("bias"):
        parameter.zero_()
        if isinstance(module, nn.LSTM) and name.startswith("bias_ih"):
            parameter[size : 2 * size] = 1.0  # gates stand in the order input, forget, cell, output
        return
    for gate in torch.split(parameter, size):
        (nn.init.orthogonal_ if name.startswith("weight_hh") else nn.init.xavier_normal_)(gate)
