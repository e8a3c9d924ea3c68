"""A bag of tokens: what stands in a text, whatever its order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn import functional

from kilter.models.columns import Columns

if TYPE_CHECKING:
    from kilter.values.inputs import Inputs


class Bag(nn.Module):
    """The sum of the tokens' embeddings over the root of their number, then layers over it.

    Between sum and mean, the root keeps the features of short and long texts about as large, since embeddings of
    different tokens are nearly independent. Over n-grams this is fastText (Joulin et al. 2017); without hidden layer
    and with an embedding as wide as the answers it is a linear model of the counts.

    Args:
        inputs: the vocabulary, and sizes of numbers and categories beside the text.
        outputs: entries of an answer.
        embedding: width of a token's embedding.
        hidden: width of a hidden layer; 0 leaves it out.
        token_dropout: share of the tokens that training leaves out of each text.
        dropout: share of the features that training leaves out.
    """

    def __init__(
        self,
        inputs: Inputs,
        outputs: int,
        *,
        embedding: int = 64,
        hidden: int = 0,
        token_dropout: float = 0.0,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.token_dropout = token_dropout
        self.embedding = nn.Embedding(inputs.vocabulary, embedding, padding_idx=0)
        layers: list[nn.Module] = [nn.Dropout(dropout)]
        if hidden:
            layers += [nn.Linear(embedding, hidden), nn.ReLU(), nn.Dropout(dropout)]
        self.hidden = nn.Sequential(*layers)
        self.columns = Columns(inputs)
        self.output = nn.Linear((hidden or embedding) + self.columns.width, outputs)

    def forward(
        self, tokens: Tensor, mask: Tensor, numbers: Tensor | None = None, categories: Tensor | None = None
    ) -> Tensor:
        """Tokens (b, t) where the mask (b, t) is true, with numbers and categories, as answers (b, outputs)."""
        count = mask.sum(dim=1, keepdim=True).clamp_min(1)
        shares = functional.dropout(mask / count.sqrt(), self.token_dropout, self.training)
        summed = functional.embedding_bag(tokens, self.embedding.weight, per_sample_weights=shares, mode="sum")
        answers: Tensor = self.output(self.columns.beside(self.hidden(summed), numbers, categories))
        return answers
