"""Networks over sequences with one fault each, as people really write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from kilter.testing.networks import Bag
from kilter.testing.sequence_networks import Attending, AttentiveTagger, CausalRecurrent, Siamese, Writer

if TYPE_CHECKING:
    from torch import Tensor


class PaddedTagger(nn.Module):
    """A tagger whose attention sees the padding."""

    def __init__(self, vocabulary: int, outputs: int) -> None:
        super().__init__()
        self.inner = AttentiveTagger(vocabulary, outputs)

    def forward(self, tokens: Tensor) -> Tensor:
        """(b, t) to (b, t, outputs); there is no mask."""
        return self.inner(tokens, torch.ones_like(tokens, dtype=torch.bool))  # type: ignore[no-any-return]


class PaddedSpelling(nn.Module):
    """A tagger that takes the mean over all letters, padding included."""

    def __init__(self, vocabulary: int, letters: int, outputs: int) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, 16)
        self.letters = nn.Embedding(letters, 16)
        self.out = nn.Linear(32, outputs)

    def forward(self, tokens: Tensor, characters: Tensor) -> Tensor:
        """(b, t) and (b, t, c) to (b, t, outputs)."""
        state = torch.cat([self.words(tokens), self.letters(characters).mean(dim=2)], dim=-1)
        return self.out(state)  # type: ignore[no-any-return]


class BatchSecond(nn.Module):
    """A recurrent layer that takes the first dimension for time: it reads from example to example."""

    def __init__(self, vocabulary: int, outputs: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, 24)
        self.gru = nn.GRU(24, 24)
        self.out = nn.Linear(24, outputs)

    def forward(self, tokens: Tensor) -> Tensor:
        """(b, t) to (b, t, outputs)."""
        return self.out(self.gru(self.embedding(tokens))[0])  # type: ignore[no-any-return]


class Centred(nn.Module):
    """A language model that takes away the mean over all places, those to come among them."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, 32)
        self.block = Attending(32, causal=True)
        self.out = nn.Linear(32, vocabulary)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(b, t) to (b, t, vocabulary)."""
        state = self.embedding(tokens).masked_fill(~mask.unsqueeze(-1), 0.0)
        mean = state.sum(dim=1, keepdim=True) / mask.sum(dim=1).reshape(-1, 1, 1)
        return self.out(self.block(state - mean, mask))  # type: ignore[no-any-return]


class Finished(nn.Module):
    """A language model whose outputs go through one function more."""

    def __init__(self, vocabulary: int, *, last: nn.Module) -> None:
        super().__init__()
        self.inner = CausalRecurrent(vocabulary)
        self.last = last

    def forward(self, tokens: Tensor) -> Tensor:
        """(b, t) to (b, t, vocabulary)."""
        return self.last(self.inner(tokens))  # type: ignore[no-any-return]


class DeafWriter(nn.Module):
    """A decoder that is never told what it was asked."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.inner = CausalRecurrent(vocabulary)

    def forward(self, answers: Tensor) -> Tensor:
        """(b, s) to (b, s, vocabulary)."""
        return self.inner(answers)  # type: ignore[no-any-return]


class PaddedReader(nn.Module):
    """A writer whose reader goes on over the padding, and which attends to it."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.inner = Writer(vocabulary)

    def forward(self, tokens: Tensor, answers: Tensor) -> Tensor:
        """(b, t) and (b, s) to (b, s, vocabulary)."""
        return self.inner(tokens, torch.ones_like(tokens, dtype=torch.bool), answers)  # type: ignore[no-any-return]


class PaddedMatch(nn.Module):
    """Target texts whose padding counts in their mean."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.inner = Siamese(vocabulary)

    def forward(self, tokens: Tensor, mask: Tensor, answers: Tensor) -> dict[str, Tensor]:
        """(b, t) and (b, s) to `left` and `right`."""
        return self.inner(tokens, mask, answers, torch.ones_like(answers, dtype=torch.bool))  # type: ignore[no-any-return]


class Certain(nn.Module):
    """Probabilities of labels, to which the loss applies a sigmoid once more."""

    def __init__(self, vocabulary: int, outputs: int) -> None:
        super().__init__()
        self.inner = Bag(vocabulary, outputs)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(b, t) to (b, outputs)."""
        return self.inner(tokens, mask).sigmoid()  # type: ignore[no-any-return]
