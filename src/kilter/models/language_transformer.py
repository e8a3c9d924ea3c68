"""A transformer language model: what follows each token of a text, from those up to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from kilter.models.activations import Activation, make_activation

if TYPE_CHECKING:
    from kilter.values.inputs import Inputs


class LanguageTransformer(nn.Module):
    """Blocks in which each token looks at itself and those before it, and the states as logits (Radford et al. 2018).

    Norms stand inside the residual branches (Xiong et al. 2020). Places are told by distance alone: a look is worth
    the less the farther back it goes (Press et al. 2022, Train short, test long, section 3), so that texts may become
    longer than those of training.

    Args:
        inputs: the vocabulary.
        outputs: logits at each place, one a token.
        width: of a token's state.
        layers: blocks, one over the other.
        heads: of the attention; they share the width.
        feedforward: width of the layer between, as a multiple of `width`.
        activation: in the feed-forward layers.
        tied: whether the embeddings are also what tokens are recognised by at the end (Press and Wolf 2017).
        dropout: share of embeddings and of branches that training leaves out.
    """

    def __init__(
        self,
        inputs: Inputs,
        outputs: int,
        *,
        width: int = 160,
        layers: int = 4,
        heads: int = 4,
        feedforward: int = 4,
        activation: Activation = "gelu",
        tied: bool = False,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if width % heads:
            message = f"width = {width} with heads = {heads}: a width that the heads can share evenly is legal"
            raise ValueError(message)
        if tied and outputs != inputs.vocabulary:
            message = f"tied with {outputs} outputs and {inputs.vocabulary} tokens: as many are legal"
            raise ValueError(message)
        self.embedding = nn.Embedding(inputs.vocabulary, width, padding_idx=0)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Causal(width, heads, feedforward, activation, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.output = None if tied else nn.Linear(width, outputs)
        self.heads = heads

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (b, t), padded to the right, as logits (b, t, outputs) of the token that follows each."""
        states = self.dropout(self.embedding(tokens))
        worth = worth_of_looks(tokens.shape[1], self.heads, states)
        for block in self.blocks:
            states = block(states, worth)
        states = self.norm(states)
        if self.output is None:  # by the root of the width, so that first answers are close to chance
            return torch.mul(functional.linear(states, self.embedding.weight), states.shape[-1] ** -0.5)
        logits: Tensor = self.output(states)
        return logits


def worth_of_looks(places: int, heads: int, like: Tensor) -> Tensor:
    """What is added to the logits of each look from a place to another one (heads, places, places).

    Minus the distance times the head's slope, of a geometric sequence down to 2^-8; minus infinity to what comes later.

    >>> worth_of_looks(3, 1, torch.zeros(()))[0] * 256
    tensor([[-0., -inf, -inf],
            [-1., -0., -inf],
            [-2., -1., -0.]])
    """
    slopes = 2.0 ** (-8.0 * torch.arange(1, heads + 1, device=like.device, dtype=like.dtype) / heads)
    place = torch.arange(places, device=like.device)
    back = place.unsqueeze(1) - place
    return (-slopes.view(-1, 1, 1) * back).masked_fill(back < 0, -torch.inf)


class Causal(nn.Module):
    """Attention to the tokens so far, then a feed-forward layer for each; both add to the states."""

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

    def forward(self, states: Tensor, worth: Tensor) -> Tensor:
        """States (b, t, width) after looking back; `worth` (heads, t, t) is added to the logits of each look."""
        states = states + self.dropout(self.attended(self.attention_norm(states), worth))
        return torch.add(states, self.dropout(self.feedforward(states)))

    def attended(self, states: Tensor, worth: Tensor) -> Tensor:
        """Vaswani et al. 2017, section 3.2.2."""
        query, key, value = (
            layer(states).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        looked = functional.scaled_dot_product_attention(query, key, value, attn_mask=worth)
        joined: Tensor = self.joined(looked.transpose(1, 2).flatten(2))
        return joined
