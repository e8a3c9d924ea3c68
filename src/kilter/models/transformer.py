"""A transformer encoder over texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from kilter.models.activations import Activation
from kilter.models.arguments import Count, Share
from kilter.models.blocks import Block, NormPlace
from kilter.models.columns import Columns
from kilter.models.normalisation import Normalisation, make_norm
from kilter.models.pooling import Pooling, make_pooling
from kilter.values.task import Form

if TYPE_CHECKING:
    from kilter.values.inputs import Inputs


class Transformer(nn.Module):
    """Blocks of attention and feed-forward layers, and the states pooled, or each answered for itself.

    Positions are learnt up to the longest training text; so is, where there are several columns of text, which column
    a token is of.

    Args:
        inputs: the vocabulary, the longest text, columns of text, and sizes of numbers and categories beside them.
        outputs: entries of an answer.
        form: whether a row is answered, or each token.
        width: of a token's state.
        layers: blocks, one over the other.
        heads: of the attention; they share the width.
        feedforward: width of the layer between, as a multiple of `width`.
        activation: in the feed-forward layers.
        norm: `pre`, inside the residual branches, which needs no long warm-up, or `post`, after each sum (Xiong et al.
            2020, On layer normalization in the transformer architecture, section 3.1).
        normalisation: `layer`, `rms` or `none`; `none` is for `initialisation: dt_fixup`.
        pooling: of a row's states, `mean`, `sum`, `max`, `first`, `final` or `attention`.
        dropout: share of embeddings, of branches and of features that training leaves out.
    """

    def __init__(
        self,
        inputs: Inputs,
        outputs: int,
        *,
        form: Form = Form.ROW,
        width: Count = 96,
        layers: Count = 2,
        heads: Count = 4,
        feedforward: Count = 2,
        activation: Activation = "gelu",
        norm: NormPlace = "pre",
        normalisation: Normalisation = "layer",
        pooling: Pooling = "mean",
        dropout: Share = 0.2,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(inputs.vocabulary, width, padding_idx=0)
        self.positions = nn.Embedding(max(inputs.longest, 1), width)
        self.segments = nn.Embedding(inputs.texts, width) if "segments" in inputs.names else None
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            Block(width, heads, feedforward, activation, dropout, norm=norm, normalisation=normalisation)
            for _ in range(layers)
        )
        self.norm = make_norm(normalisation if norm == "pre" else "none", width)
        self.pool = make_pooling(pooling, width) if form is Form.ROW else None
        self.columns = Columns(inputs)
        self.output = nn.Linear(width + self.columns.width, outputs)

    def forward(
        self,
        tokens: Tensor,
        mask: Tensor,
        segments: Tensor | None = None,
        numbers: Tensor | None = None,
        categories: Tensor | None = None,
    ) -> Tensor:
        """Tokens (b, t) where the mask (b, t) is true, with numbers and categories, as answers.

        They are (b, outputs), or (b, t, outputs) where each token is answered; segments are (b, t).
        """
        places = torch.arange(tokens.shape[1], device=tokens.device).clamp_max(self.positions.num_embeddings - 1)
        states = self.embedding(tokens) + self.positions(places)
        if self.segments is not None:
            states = states + self.segments(segments)
        states = self.dropout(states)
        for block in self.blocks:
            states = block(states, mask)
        states = self.norm(states)
        features = states if self.pool is None else self.pool(states, mask)
        answers: Tensor = self.output(self.columns.beside(self.dropout(features), numbers, categories))
        return answers

    def largest_input(self) -> float:
        """No token enters the first block with a larger Euclidean norm than this, whatever the text."""
        tables = [table for table in (self.embedding, self.positions, self.segments) if table is not None]
        return sum(float(table.weight.detach().norm(dim=1).max()) for table in tables)
