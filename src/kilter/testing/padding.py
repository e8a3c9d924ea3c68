"""Whether a model answers for an example alike whatever stands beside it in a batch, and behind it as padding."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import torch
from torch import Tensor, nn

from kilter.values.inputs import Inputs
from kilter.values.task import Form

if TYPE_CHECKING:
    from kilter.models.catalogue import Listing

Example = Mapping[str, Tensor]
"""The input tensors of one example, without the dimension of examples and without padding."""

LONGEST: Final = 12
"""Tokens of the longest text for which the small sizes are."""

_WHOLE: Final = frozenset({"image", "numbers", "categories"})  # of one size in all examples


class Difference(NamedTuple):
    """How far answers in a padded batch lie from those to each example alone, and how large those are."""

    apart: float
    size: float


def small_sizes(listing: Listing, form: Form) -> tuple[Inputs, int]:
    """Sizes of inputs that a model of the catalogue takes where it answers in that form, and of its answers."""
    if "tokens" not in listing.reads:
        if "numbers" in listing.reads:
            return Inputs(numbers=5, categories=(4, 7)), 3
        return Inputs(image=(1, 28, 28)), 3
    inputs = Inputs(
        vocabulary=40,
        longest=LONGEST,
        texts=max(1, listing.texts),
        characters=30 if form is Form.TOKEN else 0,
        answers=40 if form in {Form.TEXT, Form.MATCH} else 0,
    )
    return inputs, inputs.vocabulary if form in {Form.NEXT, Form.TEXT} else 3


def draw_example(inputs: Inputs, length: int, *, seed: int) -> Example:
    """A random example: `length` tokens, shared out evenly among the columns of text, and all else of these sizes."""
    draw = torch.Generator().manual_seed(seed)
    example: dict[str, Tensor] = {}
    if inputs.image is not None:
        example["image"] = torch.randn(inputs.image, generator=draw)
    if inputs.numbers:
        example["numbers"] = torch.randn(inputs.numbers, generator=draw)
    if inputs.categories:
        example["categories"] = torch.stack([torch.randint(0, k, (), generator=draw) for k in inputs.categories])
    if inputs.vocabulary:
        example["tokens"] = torch.randint(1, inputs.vocabulary, (length,), generator=draw)
        example["mask"] = torch.ones(length, dtype=torch.bool)
    if "segments" in inputs.names:
        example["segments"] = torch.arange(length) * inputs.texts // max(1, length)
    if inputs.characters:
        letters = int(torch.randint(1, 7, (), generator=draw))
        example["characters"] = torch.randint(1, inputs.characters, (length, letters), generator=draw)
    if inputs.answers:
        size = int(torch.randint(1, LONGEST, (), generator=draw))
        example["answers"] = torch.randint(1, inputs.answers, (size,), generator=draw)
        example["answers_mask"] = torch.ones(size, dtype=torch.bool)
    return example


def padded(examples: Sequence[Example], more: int) -> dict[str, Tensor]:
    """Examples as a batch, with zeros to the right up to the longest and for so many places more."""
    batch: dict[str, Tensor] = {}
    for name, first in examples[0].items():
        tensors = [example[name] for example in examples]
        extra = 0 if name in _WHOLE else more
        shape = [max(sizes) + extra for sizes in zip(*(tensor.shape for tensor in tensors), strict=True)]
        batch[name] = torch.zeros(len(examples), *shape, dtype=first.dtype)
        for place, tensor in zip(batch[name], tensors, strict=True):
            place[tuple(slice(size) for size in tensor.shape)] = tensor
    return batch


def difference(model: nn.Module, form: Form, examples: Sequence[Example], more: int) -> Difference:
    """Compare the answers to examples in one batch, padded by so many places more, with those to each alone.

    Args:
        model: in evaluation mode; it gets those inputs that its `forward` names.
        form: what it answers; answers at padded places are left out.
        examples: one or more, of any lengths.
        more: places.
    """
    together = _answers(model, form, examples, more)
    alone = [_answers(model, form, [example], 0)[0] for example in examples]
    apart = [float((one - other).abs().max()) for one, other in zip(together, alone, strict=True)]
    return Difference(apart=max(apart), size=max(float(answer.abs().max()) for answer in alone))


def _answers(model: nn.Module, form: Form, examples: Sequence[Example], more: int) -> list[Tensor]:
    """The answers to each example as one tensor."""
    named = inspect.signature(model.forward).parameters
    with torch.no_grad():
        outputs = model(**{name: tensor for name, tensor in padded(examples, more).items() if name in named})
    if form is Form.MATCH:
        sides = cast("Mapping[str, Tensor]", outputs)
        return [torch.cat([left, right]) for left, right in zip(sides["left"], sides["right"], strict=True)]
    answers = cast("Tensor", outputs)
    if form is Form.ROW:
        return list(answers)
    asked = "answers" if form is Form.TEXT else "tokens"
    return [answer[: len(example[asked])] for answer, example in zip(answers, examples, strict=True)]
