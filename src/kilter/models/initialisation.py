"""First weights by name: as large as keeps signals and gradients as large from layer to layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal, Protocol, cast, get_args, runtime_checkable

import torch
from torch import Tensor, nn

from kilter.models.activations import Gated

Initialisation = Literal[
    "auto",
    "xavier_uniform",
    "xavier_normal",
    "he_uniform",
    "he_normal",
    "lecun_normal",
    "orthogonal",
    "truncated_normal",
    "dt_fixup",
]

OUTPUT_GAIN: Final = 0.1
"""Of the last layer, so that the first answers are close to chance, and yet every layer below gets a gradient."""

EMBEDDING_DEVIATION: Final = 0.25
"""Of embedding entries (Kim 2014, section 3.1, draws from ±0.25; a rate of 0.001 moves them in some hundred steps)."""

TRUNCATED_DEVIATION: Final = 0.02
"""Of `truncated_normal` before it is cut off at two deviations, as in the code of Devlin et al. 2019 (BERT)."""

_FOLLOWED_BY: Final[tuple[tuple[tuple[type[nn.Module], ...], float], ...]] = (
    ((nn.ReLU, nn.LeakyReLU, nn.GELU, nn.SiLU, nn.ELU), math.sqrt(2.0)),  # He et al. 2015, equation 10: half is cut off
    ((nn.Tanh,), 5.0 / 3.0),  # torch's gain: what tanh takes from a signal of size 1
    ((Gated,), 2.0**0.25),  # content of variance v times a gate of second moment v / 2 is of size 1 where v² = 2
)
_NORMS: Final = (nn.LayerNorm, nn.RMSNorm, nn.GroupNorm, nn.modules.batchnorm._NormBase)  # noqa: SLF001 - parent of all
_PASSING: Final = (*_NORMS, nn.Identity, nn.Dropout, nn.Dropout2d, nn.Flatten, nn.MaxPool2d, nn.AdaptiveAvgPool2d)
_WEIGHTED: Final = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)

Draw = Callable[[Tensor], object]
"""Fills a matrix (out, in, ...) in place."""

_DRAWS: Final[Mapping[str, Draw]] = MappingProxyType(
    {
        "xavier_uniform": nn.init.xavier_uniform_,
        "xavier_normal": nn.init.xavier_normal_,
        "he_uniform": lambda matrix: nn.init.kaiming_uniform_(matrix, nonlinearity="relu"),
        "he_normal": lambda matrix: nn.init.kaiming_normal_(matrix, nonlinearity="relu"),
        "lecun_normal": lambda matrix: nn.init.kaiming_normal_(matrix, nonlinearity="linear"),
        "orthogonal": nn.init.orthogonal_,
        "truncated_normal": lambda matrix: nn.init.trunc_normal_(
            matrix, std=TRUNCATED_DEVIATION, a=-2 * TRUNCATED_DEVIATION, b=2 * TRUNCATED_DEVIATION
        ),
        "dt_fixup": nn.init.xavier_normal_,
    }
)


class Residual(Protocol):
    """A block whose branches add to what it is given."""

    def branch_weights(self) -> Sequence[Tensor]:
        """The matrices whose scale decides how much the branches add."""


@runtime_checkable
class Stack(Protocol):
    """A model whose blocks, one over the other, add to what they are given."""

    blocks: nn.ModuleList

    def largest_input(self) -> float:
        """A bound of the Euclidean norm of what enters the first block, for any example."""


def initialise(
    model: nn.Module, how: Initialisation = "auto", *, output: str = "output", loaded: Collection[str] = ()
) -> None:
    """Draw all weights of a model anew, in place, from torch's global random state.

    The variances of matrices and convolutions:

    - `auto`: what follows decides. Before a rectifier (norms, dropout and pooling between do not count) as `he_normal`,
      elsewhere as `xavier_normal` times the square of the gain of what follows; recurrent matrices are orthogonal.
      Layers are taken to be called in the order in which they were made.
    - `xavier_uniform`, `xavier_normal`: 2 / (fan-in + fan-out), which keeps signals and gradients under activations
      that are close to linear around 0 (Glorot and Bengio 2010, Understanding the difficulty of training deep
      feedforward neural networks, equation 12).
    - `he_uniform`, `he_normal`: 2 / fan-in, for rectifiers (He et al. 2015, Delving deep into rectifiers, section 2.2).
    - `lecun_normal`: 1 / fan-in (LeCun et al. 1998, Efficient backprop, equation 16; Klambauer et al. 2017 for SELU).
    - `orthogonal`: matrices with orthonormal rows or columns (Saxe et al. 2014, section 3).
    - `truncated_normal`: drawn with a deviation of 0.02, and drawn again beyond two deviations.
    - `dt_fixup`: as `xavier_normal`, then the branches of deep transformers made small; see `shrink_branches`.

    Whatever the name, the gates of a recurrent layer are matrices of their own, the forget gates of an LSTM begin open
    (Jozefowicz et al. 2015, section 2.2), biases begin at 0, norms at 1 and 0, embeddings with a deviation of 0.25,
    their padding at 0, and the layers that give the answers are a tenth as large.

    Args:
        model: what is initialised.
        how: one of these names.
        output: how the names of layers that give the answers begin.
        loaded: names of parameters that were loaded; they stay as they are.

    Raises:
        ValueError: there is no such name, or it is not for this model.
    """
    if how not in get_args(Initialisation):
        message = f"initialisation = {how!r}: legal are {', '.join(get_args(Initialisation))}"
        raise ValueError(message)
    kept = frozenset(loaded)
    with torch.no_grad():
        for name, module, gain in _in_order(model):
            of_module = module.named_parameters(recurse=False)
            free = {key: p for key, p in of_module if f"{name}.{key}".lstrip(".") not in kept}
            _draw(module, free, _DRAWS.get(how), gain)
            if name.startswith(output):
                for parameter in (parameter for parameter in free.values() if parameter.ndim > 1):
                    parameter.mul_(OUTPUT_GAIN)
    if how == "dt_fixup":
        shrink_branches(model, loaded=kept)


def shrink_branches(model: nn.Module, *, loaded: Collection[str] = ()) -> None:
    """Scale the branches of a deep transformer without norms so that one update moves its answers by a bounded amount.

    DT-Fixup (Xu et al. 2021, Optimizing deeper transformers on small datasets, section 3): in each of the N blocks,
    the matrices of value, output and feed-forward layers are scaled by (4 μ² N)^(-1/2) = N^(-1/2) / (2 μ), where μ is
    the largest norm of what enters the blocks. (Their relation-aware layers have 4 μ² + 2 μ + 2 in place of 4 μ²; the
    last two terms are of the relations.) Then neither norms nor a warm-up are needed. Here μ is a bound over all texts
    that the embeddings can form, so that no data need be read.

    Raises:
        ValueError: the model has no blocks that add to their inputs, or they have norms.
    """
    if not isinstance(model, Stack):
        message = "initialisation = 'dt_fixup' is for stacks of residual blocks, such as transformer; take another one"
        raise ValueError(message)
    if any(isinstance(module, _NORMS) for module in model.blocks.modules()):
        message = "initialisation = 'dt_fixup' stands in for the norms of blocks; set `normalisation: none`"
        raise ValueError(message)
    kept = {id(p) for name, p in model.named_parameters() if name in frozenset(loaded)}
    blocks = cast("Sequence[Residual]", model.blocks)
    scale = 1.0 / (2.0 * model.largest_input() * math.sqrt(len(blocks)))
    with torch.no_grad():
        for block in blocks:
            for weight in block.branch_weights():
                if id(weight) not in kept:
                    weight.mul_(scale)


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
    """Whether a module does something itself: it has parameters of its own, or no parts, or is a gate over its part."""
    own = next(module.parameters(recurse=False), None) is not None or next(module.children(), None) is None
    return own or isinstance(module, Gated)


def _gain(following: nn.Module | None) -> float:
    return next((gain for kinds, gain in _FOLLOWED_BY if isinstance(following, kinds)), 1.0)


def _draw(module: nn.Module, free: Mapping[str, Tensor], draw: Draw | None, gain: float) -> None:
    """Fill parameters of a module; where `draw` does not say how, what follows the module does."""
    for name, parameter in free.items():
        if isinstance(module, nn.Embedding):
            parameter.normal_(std=EMBEDDING_DEVIATION)
            if module.padding_idx is not None:
                parameter[module.padding_idx] = 0.0
        elif isinstance(module, _NORMS):
            parameter.fill_(1.0 if name == "weight" else 0.0)
        elif isinstance(module, nn.RNNBase):
            _draw_recurrent(module, name, parameter, draw)
        elif parameter.ndim < 2:
            parameter.zero_()
        elif draw is not None:
            draw(parameter)
        elif gain == math.sqrt(2.0):
            nn.init.kaiming_normal_(parameter, nonlinearity="relu")
        else:
            nn.init.xavier_normal_(parameter, gain=gain)


def _draw_recurrent(module: nn.RNNBase, name: str, parameter: Tensor, draw: Draw | None) -> None:
    """Weights of gates lie one above the other; each gate is a matrix of its own."""
    size = module.hidden_size
    if name.startswith("bias"):
        parameter.zero_()
        if isinstance(module, nn.LSTM) and name.startswith("bias_ih"):
            parameter[size : 2 * size] = 1.0  # gates stand in the order input, forget, cell, output
        return
    usual = nn.init.orthogonal_ if name.startswith("weight_hh") else nn.init.xavier_normal_
    for gate in torch.split(parameter, size):
        (draw or usual)(gate)
