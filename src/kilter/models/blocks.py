"""The block of a transformer: attention and a feed-forward layer, each on a residual branch."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from kilter.models.activations import Activation, make_activation, widening
from kilter.models.normalisation import Normalisation, make_norm

NormPlace = Literal["pre", "post"]


class Block(nn.Module):
    """Attention between the tokens, then a feed-forward layer for each; both add to the states.

    Args:
        width: of a state.
        heads: of the attention; they share the width.
        feedforward: width of the layer between, as a multiple of `width`.
        activation: in the feed-forward layer.
        dropout: share of what a branch adds that training leaves out.
        norm: `pre`, inside the branches, or `post`, after each sum.
        normalisation: `layer`, `rms` or `none`.

    With a gated activation, the layer between is two thirds as wide, so that there are as many weights (Shazeer 2020,
    GLU variants improve transformer, section 3).
    """

    def __init__(
        self,
        width: int,
        heads: int,
        feedforward: int,
        activation: Activation,
        dropout: float,
        *,
        norm: NormPlace = "pre",
        normalisation: Normalisation = "layer",
    ) -> None:
        super().__init__()
        if width % heads:
            message = f"width = {width} with heads = {heads}: a width that the heads can share evenly is legal"
            raise ValueError(message)
        self.heads = heads
        self.norm: NormPlace = norm
        self.attention_norm = make_norm(normalisation, width)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.joined = nn.Linear(width, width)
        self.feedforward_norm = make_norm(normalisation, width)
        times = widening(activation)
        between = feedforward * width if times == 1 else feedforward * width * 2 // 3
        self.feedforward = nn.Sequential(
            nn.Linear(width, times * between),
            make_activation(activation),
            nn.Dropout(dropout),
            nn.Linear(between, width),
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """States (b, t, width) after looking at those where the mask is true.

        The mask is (b, t), or (b, t, t) where row i says what token i may look at.
        """
        if self.norm == "pre":
            states = states + self.dropout(self._attended(self.attention_norm(states), mask))
            return torch.add(states, self.dropout(self.feedforward(self.feedforward_norm(states))))
        states = self.attention_norm(states + self.dropout(self._attended(states, mask)))
        normed: Tensor = self.feedforward_norm(states + self.dropout(self.feedforward(states)))
        return normed

    def branch_weights(self) -> tuple[Tensor, ...]:
        """The matrices whose scale decides how much each branch adds; queries and keys only say where to look."""
        inner = [layer.weight for layer in self.feedforward if isinstance(layer, nn.Linear)]
        return (self.value.weight, self.joined.weight, *inner)

    def _attended(self, states: Tensor, mask: Tensor) -> Tensor:
        """Vaswani et al. 2017, section 3.2.2; padding is not looked at."""
        query, key, value = (
            layer(states).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        seen = mask[:, None, None] if mask.ndim == 2 else mask[:, None]  # the same for all heads
        looked = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        joined: Tensor = self.joined(looked.transpose(1, 2).flatten(2))
        return joined
