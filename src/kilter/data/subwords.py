"""Byte-pair encoding: words as the pieces that training texts are most often made of (Sennrich et al. 2016)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Final

from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import Metaspace, Punctuation, Sequence
from tokenizers.trainers import BpeTrainer

SPACE: Final = "\u2581"
"""Stands for the space before a word at the beginning of its first piece; Unicode's lower one eighth block."""

STRANGE: Final = "\x1f"
"""What a letter that training did not have becomes; no text holds it."""


def learn_pieces(texts: Iterable[str], *, size: int, minimum_count: int) -> str:
    """Learn pieces from training texts.

    Pieces do not cross words or signs. The same texts in the same order give the same pieces.

    Args:
        texts: normalised as those will be that are cut.
        size: pieces at most; single letters are all kept, whatever the size.
        minimum_count: a pair of pieces that stands together less often is not merged.

    Returns:
        All that `cut_into_pieces` needs, as JSON of the `tokenizers` library.
    """
    tokenizer = Tokenizer(BPE(unk_token=STRANGE))
    tokenizer.pre_tokenizer = Sequence([Metaspace(), Punctuation()])
    trainer = BpeTrainer(vocab_size=size, min_frequency=minimum_count, special_tokens=[STRANGE], show_progress=False)
    with _one_thread():
        tokenizer.train_from_iterator(texts, trainer)
    return tokenizer.to_str()


def cut_into_pieces(pieces: str, text: str) -> list[str]:
    """The pieces of a text, in order; a letter that training did not have is `STRANGE`.

    >>> learnt = learn_pieces(["low lower lowest", "slow"], size=12, minimum_count=2)
    >>> [piece.replace(SPACE, "_") for piece in cut_into_pieces(learnt, "lowest slow")]
    ['_low', 'e', 's', 't', '_', 's', 'low']
    """
    return _read(pieces).encode(" ".join(text.split())).tokens


def names_of(pieces: str) -> tuple[str, ...]:
    """All pieces, the earliest learnt first."""
    known = _read(pieces).get_vocab()
    return tuple(sorted((piece for piece in known if piece != STRANGE), key=known.__getitem__))


@lru_cache(maxsize=8)
def _read(pieces: str) -> Tokenizer:
    return Tokenizer.from_str(pieces)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Without threads of its own the library says nothing when loader processes are forked later."""
    name = "TOKENIZERS_PARALLELISM"
    before = os.environ.get(name)
    os.environ[name] = "false"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
