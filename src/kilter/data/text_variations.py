"""Variations of texts; each is a function of (seed, epoch, row) and of nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Final, final

import numpy as np
import torch
from torch import Tensor

from kilter.data.randomness import uniforms
from kilter.data.vocabulary import RESERVED, UNKNOWN
from kilter.values.errors import RecipeError

if TYPE_CHECKING:
    from kilter.data.vocabulary import Vocabulary

DROPPING: Final = 1  # purposes of random numbers
SWAPPING: Final = 6
REPLACING: Final = 7


def without_tokens(tokens: Tensor, *, share: float, seed: int, epoch: int, rows: Sequence[int]) -> Tensor:
    """Token ids (b, t) of which a share, drawn one by one, are unknown; padding and marks stay."""
    drawn = uniforms(seed=seed, epoch=epoch, rows=rows, count=tokens.shape[1], purpose=DROPPING)
    dropped = torch.from_numpy(drawn < share) & (tokens >= RESERVED)
    return tokens.masked_fill(dropped, UNKNOWN)


def with_swaps(tokens: Tensor, *, share: float, seed: int, epoch: int, rows: Sequence[int]) -> Tensor:
    """Token ids (b, t) of which a share have changed places with a neighbour; padding and marks stay where they are.

    The toss of a coin pairs each token of a row with the one after it or the one before it, and of these pairs a share
    is swapped, so that no token moves twice.
    """
    drawn = uniforms(seed=seed, epoch=epoch, rows=rows, count=1 + tokens.shape[1], purpose=SWAPPING)
    places = torch.arange(tokens.shape[1])
    word = (tokens >= RESERVED) | (tokens == UNKNOWN)
    begins = torch.from_numpy((drawn[:, 1:] < share) & ((places.numpy() + (drawn[:, :1] < 0.5)) % 2 == 0)) & word
    begins[:, -1:] = False
    begins[:, :-1] &= word[:, 1:]
    ends = begins.roll(1, dims=1)
    return tokens.gather(1, places + begins.long() - ends.long())


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Synonyms:
    """For each token of a vocabulary those that may stand in its place.

    Attributes:
        ids: of all of them, one token's after the other's.
        starts: (vocabulary + 1,) where those of each token begin.
    """

    ids: Tensor
    starts: Tensor

    @staticmethod
    def of(find: Callable[[str], Iterable[str] | None], vocabulary: Vocabulary) -> Synonyms:
        """What a person's function finds for each entry; what the vocabulary does not have is left out.

        Args:
            find: takes a token as the vocabulary has it; is asked once for each.
            vocabulary: of words.

        Raises:
            RecipeError: the function fails or returns something else, finds nothing that training has, or tokens are
                no words.
        """
        if vocabulary.tokenisation.unit != "word":
            raise RecipeError(
                f"augment.synonyms with preprocessing.unit = {vocabulary.tokenisation.unit!r}",
                legal="synonyms are of words",
                remedy="set preprocessing.unit: word, or leave the synonyms out",
            )
        index = {token: number for number, token in enumerate(vocabulary.entries, start=RESERVED)}
        found = [sorted(_known(find, token, index, vocabulary)) for token in vocabulary.entries]
        if not any(found):
            raise RecipeError(
                "augment.synonyms decides nothing: it finds no token of the training texts for any of the "
                f"{len(vocabulary.entries)} tokens it was asked about",
                legal="from a token to tokens that the vocabulary has, too",
                remedy="look at what it is asked, such as "
                + ", ".join(repr(token) for token in vocabulary.entries[:3])
                + ", or leave it out",
            )
        lengths = [*[0] * RESERVED, *map(len, found)]
        return Synonyms(
            ids=torch.tensor(list(chain.from_iterable(found)), dtype=torch.int64),
            starts=torch.from_numpy(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)),
        )

    def __repr__(self) -> str:
        having = sum(stop > start for start, stop in pairwise(self.starts.tolist()))
        return f"Synonyms({having} of {len(self.starts) - 1} tokens have {len(self.ids)})"


def with_synonyms(
    tokens: Tensor, *, synonyms: Synonyms, share: float, seed: int, epoch: int, rows: Sequence[int]
) -> Tensor:
    """Token ids (b, t) in which, of the tokens that have synonyms, a share is replaced by one of them."""
    drawn = uniforms(seed=seed, epoch=epoch, rows=rows, count=2 * tokens.shape[1], purpose=REPLACING)
    starts = synonyms.starts[tokens]
    counts = synonyms.starts[tokens + 1] - starts
    chosen = torch.from_numpy(drawn[:, 1::2] * counts.numpy()).long()  # a uniform number below 1 keeps it below counts
    replaced = torch.from_numpy(drawn[:, 0::2] < share) & (counts > 0)
    return torch.where(replaced, synonyms.ids[(starts + chosen).clamp_max(len(synonyms.ids) - 1)], tokens)


def _known(
    find: Callable[[str], Iterable[str] | None], token: str, index: dict[str, int], vocabulary: Vocabulary
) -> set[int]:
    """The ids of a token's synonyms, in no order, since a set of strings has none that is the same in each process."""
    try:
        found = find(token)
        names = None if isinstance(found, str) else list(found or ())
    except Exception as error:  # a person's function may raise anything
        raise RecipeError(
            f"augment.synonyms: asked about {token!r}, it raises {type(error).__name__}: {error}",
            legal="from a token to those that may stand in its place, none where there is none",
        ) from error
    if names is None or not all(isinstance(name, str) for name in names):
        raise RecipeError(
            f"augment.synonyms: asked about {token!r}, it returns {found!r}",
            legal="several strings, such as a list of them",
        )
    normal = {vocabulary.tokenisation.normalisation(name) for name in names}
    return {index[name] for name in normal if name in index} - {index[token]}
