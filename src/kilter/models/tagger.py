"""A tagger: words and their letters, read in both directions, and an answer for each word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn

from kilter.models.recurrent import Cell, Directions, mirrored

if TYPE_CHECKING:
    from kilter.values.inputs import Inputs

UNKNOWN: Final = 1  # the id of words that training did not have


class Tagger(nn.Module):
    """Each word by what it is and by how it is spelled, then by its sentence (Ma and Hovy 2016, sections 2.1 to 2.3).

    A word's letters go through detectors of three letters, of which the strongest firing counts, so that names and
    numbers that training never had are known by their form. Training takes some words for unknown ones, for then it
    must go by letters and neighbours. The sentence is read in both directions; each word's two states give its answer.
    Sequences that the tags do not allow are ruled out by the task, not here.

    Args:
        inputs: the vocabulary, and the letters.
        outputs: entries of an answer.
        embedding: width of a word's embedding.
        letters: width of a letter's embedding.
        filters: detectors of letters.
        cell: `lstm` or `gru`.
        width: of the state of each direction.
        layers: one over the other.
        word_dropout: share of words that training takes for unknown.
        dropout: share of a word's features and of states that training leaves out.
        chain: whether answers look at each other.
    """

    def __init__(
        self,
        inputs: Inputs,
        outputs: int,
        *,
        embedding: int = 100,
        letters: int = 32,
        filters: int = 64,
        cell: Cell = "lstm",
        width: int = 100,
        layers: int = 1,
        word_dropout: float = 0.1,
        dropout: float = 0.5,
        chain: bool = True,
    ) -> None:
        super().__init__()
        self.word_dropout = word_dropout
        self.embedding = nn.Embedding(inputs.vocabulary, embedding, padding_idx=0)
        self.spelling = Spelling(inputs.characters, letters, filters) if inputs.characters else None
        sizes = [embedding + filters * bool(inputs.characters)] + [2 * width] * layers
        self.layers = nn.ModuleList(Directions(size, width, cell, both=True) for size in sizes[:-1])
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(sizes[-1], outputs)
        self.chain = Chain(outputs) if chain else None

    def forward(self, tokens: Tensor, mask: Tensor, characters: Tensor | None = None) -> Tensor:
        """Words (b, t) where the mask (b, t) is true, with letters (b, t, c), as answers (b, t, outputs)."""
        if self.training and self.word_dropout:
            hidden = torch.rand(tokens.shape, device=tokens.device) < self.word_dropout
            tokens = torch.where(hidden & mask, UNKNOWN, tokens)
        states = self.embedding(tokens)
        if self.spelling is not None and characters is not None:
            states = torch.cat([states, self.spelling(characters)], dim=-1)
        mirror = mirrored(mask)
        for layer in self.layers:
            states = layer(self.dropout(states), mirror)
        answers: Tensor = self.output(self.dropout(states))
        return answers if self.chain is None else self.chain(answers, mask)


class Spelling(nn.Module):
    """Words by their letters: how strongly each detector of three letters fires anywhere in the word.

    Padding is the zero vector and the detectors have no bias, so that what is no letter fires at 0, which the
    rectifier gives anyway. The first and the last letter are told by the zeros beside them.
    """

    def __init__(self, characters: int, letters: int, filters: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(characters, letters, padding_idx=0)
        self.detectors = nn.Conv1d(letters, filters, 3, padding=2, bias=False)
        self.rectify = nn.ReLU()

    def forward(self, characters: Tensor) -> Tensor:
        """Letters (b, t, c) as features of words (b, t, filters)."""
        words = characters.flatten(0, 1)
        fired = self.detectors(self.embedding(words).transpose(1, 2)).amax(dim=-1)
        strength: Tensor = self.rectify(fired)
        return strength.reshape(*characters.shape[:2], -1)


class Chain(nn.Module):
    """Answers that look at each other: what each word says for itself, and which answer follows which.

    It gives the marginal probabilities of a linear chain (a conditional random field, Lafferty et al. 2001) on the
    scale of logarithms, so that the cross-entropy of each word is that of the chain (Kakade, Teh and Roweis 2002, An
    alternate objective function for Markovian fields). At first nothing follows from anything.
    """

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.begin = nn.Parameter(torch.zeros(outputs))
        self.follow = nn.Parameter(torch.zeros(outputs, outputs))

    def forward(self, scores: Tensor, mask: Tensor) -> Tensor:
        """Scores (b, t, outputs) where the mask (b, t) is true, as logarithms of probabilities of the same shape."""
        places = scores.unbind(dim=1)
        ahead = [places[0] + self.begin]
        for place in places[1:]:
            ahead.append(place + torch.logsumexp(ahead[-1].unsqueeze(2) + self.follow, dim=1))
        back = [torch.zeros_like(places[0])]
        for place, there in zip(places[:0:-1], mask.unbind(dim=1)[:0:-1], strict=True):
            told = torch.logsumexp((place + back[-1]).unsqueeze(1) + self.follow, dim=2)
            back.append(torch.where(there.unsqueeze(1), told, 0.0))
        return torch.log_softmax(torch.stack(ahead, dim=1) + torch.stack(back[::-1], dim=1), dim=-1)
