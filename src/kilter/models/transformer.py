"""A transformer encoder over texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from kilter.models.activations import Activation, make_activation
from kilter.models.columns import Columns
from kilter.models.pooling import Pooling, pool

if TYPE_CHECKING:
    from kilter.values.inputs import Inputs


class Transformer(nn.Module):
    """Blocks of attention and feed-forward layers, each norm before what it serves, and the states pooled.

    Norms stand inside the residual branches (pre-norm; Xiong et al. 2020, On layer normalization in the transformer
    architecture), which lets it train without a long warm-up. Positions are learnt up to the longest training text.

    Args:
        inputs: the vocabulary, the longest text, and sizes of numbers and categories beside the text.
        outputs: entries of an answer.
        width: of a token's state.
        layers: blocks, one over the other.
        heads: of the attention; they share the width.
        feedforward: width of the layer between, as a multiple of `width`.
        activation: in the feed-forward layers.
        pooling: `mean`, `max`, `first` or `final`.
        dropout: share of embeddings, of branches and of features that training leaves out.
    """

    def __init__(
        self,
        inputs: Inputs,
        outputs: int,
        *,
        width: int = 96,
        layers: int = 2,
        heads: int = 4,
        feedforward: int = 2,
        activation: Activation = "gelu",
        pooling: Pooling = "mean",
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        if width % heads:
            message = f"width = {width} with heads = {heads}: a width that the heads can share evenly is legal"
            raise ValueError(message)
        self.pooling: Pooling = pooling
        self.embedding = nn.Embedding(inputs.vocabulary, width, padding_idx=0)
        self.positions = nn.Embedding(max(inputs.longest, 1), width)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(width, heads, feedforward, activation, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.columns = Columns(inputs)
        self.output = nn.Linear(width + self.columns.width, outputs)

    def forward(
        self, tokens: Tensor, mask: Tensor, numbers: Tensor | None = None, categories: Tensor | None = None
    ) -> Tensor:
        """Tokens (b, t) where the mask (b, t) is true, with numbers and categories, as answers (b, outputs)."""
        places = torch.arange(tokens.shape[1], device=tokens.device).clamp_max(self.positions.num_embeddings - 1)
        states = self.dropout(self.embedding(tokens) + self.positions(places))
        for block in self.blocks:
            states = block(states, mask)
        pooled = pool(self.norm(states), mask, self.pooling)
        answers: Tensor = self.output(self.columns.beside(self.dropout(pooled), numbers, categories))
        return answers


class Block(nn.Module):
    """Attention between the tokens, then a feed-forward layer for each; both add to the states."""

    def __init__(self, width: int, heads: int, feedforward: int, activation: Activation, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.joined = nn.Linear(width, width)
        self.feedforward = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, feedforward * width),
            make_activation(activation),
            nn.Dropout(dropout),
            nn.Linear(feedforward * width, width),
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """States (b, t, width) after looking at those where the mask (b, t) is true."""
        states = states + self.dropout(self._attended(self.attention_norm(states), mask))
        return torch.add(states, self.dropout(self.feedforward(states)))

    def _attended(self, states: Tensor, mask: Tensor) -> Tensor:
        """Vaswani et al. 2017, section 3.2.2; padding is not looked at."""
        query, key, value = (
            layer(states).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        seen = mask[:, None, None, :]
        looked = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        joined: Tensor = self.joined(looked.transpose(1, 2).flatten(2))
        return joined
