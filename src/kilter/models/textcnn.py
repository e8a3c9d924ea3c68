"""A convolutional network over texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from kilter.models.columns import Columns

if TYPE_CHECKING:
    from kilter.values.inputs import Inputs


class TextCnn(nn.Module):
    """Detectors of short phrases, and how strongly each one fired anywhere (Kim 2014, section 2).

    Padding is the zero vector and the convolutions have no bias, so that a window of padding answers 0, which the
    rectifier after the maximum gives anyway: no mask is needed. A text is padded by zeros on both sides, so that
    detectors see where it begins and ends.

    Args:
        inputs: the vocabulary, and sizes of numbers and categories beside the text.
        outputs: entries of an answer.
        embedding: width of a token's embedding.
        filters: detectors of each width.
        widths: tokens that a detector sees.
        dropout: share of the detectors that training leaves out.
    """

    def __init__(
        self,
        inputs: Inputs,
        outputs: int,
        *,
        embedding: int = 100,
        filters: int = 100,
        widths: tuple[int, ...] = (2, 3, 4, 5),
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        if not widths:
            message = "widths = (): one or more are legal"
            raise ValueError(message)
        self.embedding = nn.Embedding(inputs.vocabulary, embedding, padding_idx=0)
        self.detectors = nn.ModuleList(
            nn.Sequential(
                nn.Conv1d(embedding, filters, width, padding=width - 1, bias=False),
                nn.AdaptiveMaxPool1d(1),
                nn.ReLU(),
                nn.Flatten(),
            )
            for width in widths
        )
        self.dropout = nn.Dropout(dropout)
        self.columns = Columns(inputs)
        self.output = nn.Linear(filters * len(widths) + self.columns.width, outputs)

    def forward(
        self, tokens: Tensor, mask: Tensor, numbers: Tensor | None = None, categories: Tensor | None = None
    ) -> Tensor:
        """Tokens (b, t) where the mask (b, t) is true, with numbers and categories, as answers (b, outputs)."""
        embedded = (self.embedding(tokens) * mask.unsqueeze(-1)).transpose(1, 2)
        fired = torch.cat([detector(embedded) for detector in self.detectors], dim=1)
        answers: Tensor = self.output(self.columns.beside(self.dropout(fired), numbers, categories))
        return answers
