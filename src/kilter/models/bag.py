"""A bag of tokens: what stands in a text, whatever its order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from kilter.models.columns import Columns

if TYPE_CHECKING:
    from kilter.values.inputs import Inputs


class Bag(nn.Module):
    """Each token has a vote for each answer, and how loud it speaks is learnt, too.

    The votes of a text are weighed so that the squares of the weights add up to 1, like a TF-IDF row of unit length.
    There a token's weight is how rare it is; here all begin with the same, and the targets decide. With `hidden`, a
    rectified layer lies between, whose units the tokens vote for. Over n-grams this is close to fastText (Joulin et
    al. 2017, Bag of tricks for efficient text classification).

    Args:
        inputs: the vocabulary, and sizes of numbers and categories beside the text, which count linearly.
        outputs: entries of an answer.
        hidden: width of the hidden layer; 0 is the linear model.
        dropout: share of the tokens that training leaves out of each text.
    """

    def __init__(self, inputs: Inputs, outputs: int, *, hidden: int = 0, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = dropout
        self.loudness = nn.Parameter(torch.zeros(inputs.vocabulary))  # logarithms of the weights
        self.bias = nn.Parameter(torch.zeros(hidden or outputs))
        if hidden:
            self.votes = nn.Embedding(inputs.vocabulary, hidden, padding_idx=0)
            self.activation = nn.ReLU()
            self.output: nn.Module = nn.Linear(hidden, outputs)
        else:
            self.output = nn.Embedding(inputs.vocabulary, outputs, padding_idx=0)
        self.columns = Columns(inputs)
        if self.columns.width:
            self.output_of_columns = nn.Linear(self.columns.width, outputs)

    def forward(
        self, tokens: Tensor, mask: Tensor, numbers: Tensor | None = None, categories: Tensor | None = None
    ) -> Tensor:
        """Tokens (b, t) where the mask (b, t) is true, with numbers and categories, as answers (b, outputs)."""
        weights = self.loudness[tokens].exp() * mask
        weights = functional.dropout(functional.normalize(weights, dim=1), self.dropout, self.training)
        if isinstance(self.output, nn.Embedding):
            answers = _counted(tokens, weights, self.output) + self.bias
        else:
            answers = self.output(self.activation(_counted(tokens, weights, self.votes) + self.bias))
        return answers + self.output_of_columns(self.columns(numbers, categories)) if self.columns.width else answers


def _counted(tokens: Tensor, weights: Tensor, votes: nn.Embedding) -> Tensor:
    """The weighed sum of the votes of each text, (b, width), without making one vector a token."""
    return functional.embedding_bag(tokens, votes.weight, per_sample_weights=weights, mode="sum")
