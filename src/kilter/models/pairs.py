"""Two texts compared with each other, token by token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from kilter.models.columns import Columns

if TYPE_CHECKING:
    from kilter.values.inputs import Inputs

_UNKNOWN: Final = 1  # two unknown tokens need not be the same
_MARKS: Final = (2, 4)  # first and last id of what begins, ends and parts texts, which is not compared


class Pairs(nn.Module):
    """Each token looks for its like in the other text, is compared with it, and the comparisons are summed up.

    The decomposable attention model (Parikh et al. 2016, section 3): attend, compare, aggregate. What is compared is
    the token, what it attended to, their difference and product (Chen et al. 2017, Enhanced LSTM, equation 14), and
    how much of its occurrences in its own text stand in the other one, too. With that, texts can be compared as
    multisets also where training has not seen a word often enough to learn it. Order within a text is not read.

    Beside that each token of either text has a vote for each answer, and all votes count alike at first, as in `bag`:
    where there is too little to learn from comparing, that is what remains.

    Args:
        inputs: the vocabulary, and sizes of numbers and categories beside the texts.
        outputs: entries of an answer.
        embedding: width of a token's embedding.
        width: of a comparison.
        dropout: share of comparisons and features that training leaves out.
    """

    def __init__(
        self, inputs: Inputs, outputs: int, *, embedding: int = 100, width: int = 100, dropout: float = 0.3
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(inputs.vocabulary, embedding, padding_idx=0)
        self.asked = nn.Linear(embedding, width, bias=False)
        self.compared = nn.Sequential(nn.Linear(4 * embedding + 1, width), nn.ReLU(), nn.Dropout(dropout))
        self.summed = nn.Sequential(nn.Linear(4 * (2 * width + 2), width), nn.ReLU(), nn.Dropout(dropout))
        self.columns = Columns(inputs)
        self.output = nn.Linear(width + self.columns.width, outputs)
        self.output_votes = nn.Embedding(2 * inputs.vocabulary, outputs)  # of the first text, then of the others
        self.loudness = nn.Parameter(torch.zeros(2 * inputs.vocabulary))  # logarithms of the votes' weights
        self.vote_dropout = nn.Dropout(0.2)

    def forward(
        self,
        tokens: Tensor,
        mask: Tensor,
        segments: Tensor,
        numbers: Tensor | None = None,
        categories: Tensor | None = None,
    ) -> Tensor:
        """Tokens (b, t) where the mask (b, t) is true, of the text 0, 1, .. that `segments` (b, t) says; (b, outputs).

        From three texts on, the first is compared with all others together.
        """
        mask = mask & ((tokens < _MARKS[0]) | (tokens > _MARKS[1]))
        side = segments > 0
        apart = (side.unsqueeze(2) != side.unsqueeze(1)) & mask.unsqueeze(2) & mask.unsqueeze(1)
        embedded = self.embedding(tokens)
        asked = self.asked(embedded)
        likeness = asked @ asked.transpose(1, 2) / asked.shape[-1] ** 0.5  # (b, t, t)
        weights = likeness.masked_fill(~apart, torch.finfo(likeness.dtype).min).softmax(-1) * apart
        other = weights @ embedded
        found = matched(tokens, mask, apart).to(embedded.dtype).unsqueeze(-1)
        both = torch.cat([embedded, other, (embedded - other).abs(), embedded * other, found], dim=-1)
        compared = torch.cat([self.compared(both), found], dim=-1)
        one, rest = _pooled(compared, mask & ~side), _pooled(compared, mask & side)
        features = self.summed(torch.cat([one, rest, (one - rest).abs(), one * rest], dim=1))
        answers: Tensor = self.output(self.columns.beside(features, numbers, categories))
        return answers + self._votes(tokens + side * (len(self.loudness) // 2), mask)

    def _votes(self, sided: Tensor, mask: Tensor) -> Tensor:
        """The votes of all tokens (b, outputs), the squares of their weights adding up to 1 in each row."""
        weights = functional.normalize(self.loudness[sided].exp() * mask, dim=1)
        votes = self.output_votes.weight
        return functional.embedding_bag(sided, votes, per_sample_weights=self.vote_dropout(weights), mode="sum")


def matched(tokens: Tensor, mask: Tensor, apart: Tensor) -> Tensor:
    """For each token (b, t) the share of its occurrences in its own text that the other text has, too, (b, t).

    Summed over one text these shares are the size of the intersection of both as multisets. `apart` (b, t, t) is true
    where two tokens are of different texts.

    >>> tokens, side = torch.tensor([[7, 8, 8, 8, 7, 9]]), torch.tensor([[0, 0, 0, 1, 1, 1]])
    >>> matched(tokens, torch.ones(1, 6, dtype=torch.bool), side.unsqueeze(2) != side.unsqueeze(1)).tolist()
    [[1.0, 0.5, 0.5, 1.0, 1.0, 0.0]]
    """
    known = mask & (tokens != _UNKNOWN)
    same = (tokens.unsqueeze(2) == tokens.unsqueeze(1)) & known.unsqueeze(2) & known.unsqueeze(1)
    here, there = (same & ~apart).sum(2), (same & apart).sum(2)
    return (there / here.clamp_min(1)).clamp_max(1)


def _pooled(states: Tensor, mask: Tensor) -> Tensor:
    """The mean of the states (b, t, d) where the mask is true beside their extremes, (b, 2 d).

    Of the last entry, how much of a token was found, the extreme is the minimum; of all others the maximum.
    """
    there = mask.unsqueeze(-1)
    mean = (states * there).sum(1) / there.sum(1).clamp_min(1)
    highest = (states[..., :-1] * there).amax(1)  # comparisons are rectified: 0 is the least
    lowest = states[..., -1:].masked_fill(~there, 1.0).amin(1)
    return torch.cat([mean, highest, lowest], dim=1)
