"""Networks with one fault each, as people really write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from kilter.testing.networks import Perceptron

if TYPE_CHECKING:
    from torch import Tensor


class Ending(nn.Module):
    """A perceptron whose outputs go through one function more."""

    def __init__(self, given: int, outputs: int, *, last: nn.Module) -> None:
        super().__init__()
        self.inner = Perceptron(given, outputs)
        self.last = last

    def forward(self, numbers: Tensor) -> Tensor:
        """(b, given) to (b, outputs)."""
        return self.last(self.inner(numbers))  # type: ignore[no-any-return]


class Reshaped(nn.Module):
    """Heads that are split by a view where a transposition was meant: rows of the batch are mixed."""

    def __init__(self, vocabulary: int, outputs: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, 8)
        self.out = nn.Linear(8, outputs)

    def forward(self, tokens: Tensor) -> Tensor:
        """(b, t) to (b, outputs)."""
        state = self.embedding(tokens)
        b, t, d = state.shape
        return self.out(state.view(t, b, d).mean(dim=0))  # type: ignore[no-any-return]


class Centred(nn.Module):
    """Features from which the mean of the batch is taken, in evaluation, too."""

    def __init__(self, given: int, outputs: int) -> None:
        super().__init__()
        self.inner = Perceptron(given, outputs)

    def forward(self, numbers: Tensor) -> Tensor:
        """(b, given) to (b, outputs)."""
        return self.inner(numbers - numbers.mean(dim=0))  # type: ignore[no-any-return]


class Squeezed(nn.Module):
    """A squeeze that takes the batch dimension of a single example."""

    def __init__(self, given: int, outputs: int) -> None:
        super().__init__()
        self.inner = Perceptron(given, outputs)

    def forward(self, numbers: Tensor) -> Tensor:
        """(b, given) to (b, outputs), or (outputs,) for one example."""
        return self.inner(numbers).squeeze()  # type: ignore[no-any-return]


class TrainingMixer(nn.Module):
    """Examples that are averaged with their neighbours while training."""

    def __init__(self, given: int, outputs: int) -> None:
        super().__init__()
        self.inner = Perceptron(given, outputs)

    def forward(self, numbers: Tensor) -> Tensor:
        """(b, given) to (b, outputs)."""
        if self.training:
            numbers = 0.5 * numbers + 0.5 * numbers.roll(1, dims=0)
        return self.inner(numbers)  # type: ignore[no-any-return]


class PaddedMean(nn.Module):
    """A mean over all positions, padding included."""

    def __init__(self, vocabulary: int, outputs: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, 16)
        self.out = nn.Linear(16, outputs)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(b, t) to (b, outputs); the mask is not looked at."""
        return self.out(self.embedding(tokens).mean(dim=1))  # type: ignore[no-any-return]


class PaddedState(nn.Module):
    """A recurrent network that goes on over the padding, and whose last state is that of it."""

    def __init__(self, vocabulary: int, outputs: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, 16)
        self.gru = nn.GRU(16, 16, batch_first=True)
        self.out = nn.Linear(16, outputs)

    def forward(self, tokens: Tensor) -> Tensor:
        """(b, t) to (b, outputs)."""
        _, last = self.gru(self.embedding(tokens))
        return self.out(last[0])  # type: ignore[no-any-return]


class PaddedAttention(nn.Module):
    """Attention that sees the padding."""

    def __init__(self, vocabulary: int, outputs: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, 16)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.out = nn.Linear(16, outputs)

    def forward(self, tokens: Tensor) -> Tensor:
        """(b, t) to (b, outputs), from the first position."""
        state = self.embedding(tokens)
        seen, _ = self.attention(state, state, state, need_weights=False)
        return self.out(seen[:, 0])  # type: ignore[no-any-return]


class Unused(nn.Module):
    """A layer that was made and never called."""

    def __init__(self, given: int, outputs: int) -> None:
        super().__init__()
        self.inner = Perceptron(given, outputs)
        self.forgotten = nn.Linear(given, outputs)

    def forward(self, numbers: Tensor) -> Tensor:
        """(b, given) to (b, outputs)."""
        return self.inner(numbers)  # type: ignore[no-any-return]


class Cut(nn.Module):
    """A trunk whose result is detached before the head."""

    def __init__(self, given: int, outputs: int) -> None:
        super().__init__()
        self.trunk = nn.Linear(given, 32)
        self.head = nn.Linear(32, outputs)

    def forward(self, numbers: Tensor) -> Tensor:
        """(b, given) to (b, outputs)."""
        return self.head(self.trunk(numbers).relu().detach())  # type: ignore[no-any-return]


class Decided(nn.Module):
    """A hidden choice by argmax, which has no gradient."""

    def __init__(self, given: int, outputs: int) -> None:
        super().__init__()
        self.choice = nn.Linear(given, 8)
        self.table = nn.Embedding(8, outputs)

    def forward(self, numbers: Tensor) -> Tensor:
        """(b, given) to (b, outputs)."""
        return self.table(self.choice(numbers).argmax(dim=1))  # type: ignore[no-any-return]


class Detached(nn.Module):
    """Outputs without a graph."""

    def __init__(self, given: int, outputs: int) -> None:
        super().__init__()
        self.inner = Perceptron(given, outputs)

    def forward(self, numbers: Tensor) -> Tensor:
        """(b, given) to (b, outputs)."""
        with torch.no_grad():
            return self.inner(numbers)  # type: ignore[no-any-return]


class Dead(nn.Module):
    """Hidden units whose bias is so low that none ever speaks."""

    def __init__(self, given: int, outputs: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(given, 32)
        self.out = nn.Linear(32, outputs)
        nn.init.constant_(self.hidden.bias, -1000.0)

    def forward(self, numbers: Tensor) -> Tensor:
        """(b, given) to (b, outputs)."""
        return self.out(self.hidden(numbers).relu())  # type: ignore[no-any-return]


class Deaf(nn.Module):
    """Inputs that are overwritten."""

    def __init__(self, given: int, outputs: int) -> None:
        super().__init__()
        self.inner = Perceptron(given, outputs)

    def forward(self, numbers: Tensor) -> Tensor:
        """(b, given) to (b, outputs)."""
        return self.inner(torch.ones_like(numbers))  # type: ignore[no-any-return]


class HalfDeaf(nn.Module):
    """Categories that are embedded and then forgotten."""

    def __init__(self, given: int, size: int, outputs: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(size, given)
        self.inner = Perceptron(given, outputs)

    def forward(self, numbers: Tensor, categories: Tensor) -> Tensor:
        """(b, given) and (b, columns) to (b, outputs)."""
        return self.inner(numbers + 0.0 * self.embedding(categories[:, 0]))  # type: ignore[no-any-return]


class AlwaysDropping(nn.Module):
    """Dropout as a function that is not told the mode."""

    def __init__(self, given: int, outputs: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(given, 64)
        self.out = nn.Linear(64, outputs)

    def forward(self, numbers: Tensor) -> Tensor:
        """(b, given) to (b, outputs)."""
        return self.out(functional.dropout(self.hidden(numbers).relu(), 0.3))  # type: ignore[no-any-return]


class Counting(nn.Module):
    """A running mean that is updated in evaluation, too."""

    def __init__(self, given: int, outputs: int) -> None:
        super().__init__()
        self.inner = Perceptron(given, outputs)
        self.register_buffer("mean", torch.zeros(given))

    def forward(self, numbers: Tensor) -> Tensor:
        """(b, given) to (b, outputs)."""
        mean = self.get_buffer("mean")
        mean.mul_(0.9).add_(0.1 * numbers.detach().mean(dim=0))
        return self.inner(numbers - mean)  # type: ignore[no-any-return]


class Listed(nn.Module):
    """Layers in a plain list, which the module does not see."""

    def __init__(self, given: int, outputs: int) -> None:
        super().__init__()
        self.layers = [nn.Linear(given, 32), nn.Linear(32, 32)]
        self.out = nn.Linear(32, outputs)

    def forward(self, numbers: Tensor) -> Tensor:
        """(b, given) to (b, outputs)."""
        for layer in self.layers:
            numbers = layer(numbers).relu()
        return self.out(numbers)  # type: ignore[no-any-return]


class MadeAnew(nn.Module):
    """A layer that is made in each forward pass."""

    def __init__(self, given: int, outputs: int) -> None:
        super().__init__()
        self.given = given
        self.out = nn.Linear(32, outputs)

    def forward(self, numbers: Tensor) -> Tensor:
        """(b, given) to (b, outputs)."""
        return self.out(nn.Linear(self.given, 32)(numbers).relu())  # type: ignore[no-any-return]


class Symmetric(nn.Module):
    """All weights at zero, so that no hidden unit ever differs from the next."""

    def __init__(self, given: int, outputs: int) -> None:
        super().__init__()
        self.inner = Perceptron(given, outputs)
        for parameter in self.inner.parameters():
            nn.init.zeros_(parameter)

    def forward(self, numbers: Tensor) -> Tensor:
        """(b, given) to (b, outputs)."""
        return self.inner(numbers)  # type: ignore[no-any-return]


class Scaled(nn.Module):
    """A last layer whose weights were drawn far too large."""

    def __init__(self, given: int, outputs: int, *, factor: float = 50.0) -> None:
        super().__init__()
        self.inner = Perceptron(given, outputs)
        with torch.no_grad():
            self.inner.out.weight.mul_(factor)

    def forward(self, numbers: Tensor) -> Tensor:
        """(b, given) to (b, outputs)."""
        return self.inner(numbers)  # type: ignore[no-any-return]
