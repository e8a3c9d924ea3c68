"""What a model returned, as the one tensor that most tasks read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from kilter.values.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.values.batch import Batch
    from kilter.values.task import Outputs


def only(outputs: Outputs) -> Tensor:
    """The one tensor that a model of one head returns.

    Raises:
        UsageError: the model returned something else.
    """
    if isinstance(outputs, torch.Tensor):
        return outputs
    raise UsageError(
        f"the model returned a {type(outputs).__name__}",
        legal="this task reads one tensor",
        remedy="return the tensor alone, or give the pipeline a `forward` that picks it out",
    )


def logits_of(outputs: Outputs, batch: Batch, classes: int, *, each: str = "one logit a class") -> Tensor:
    """The logits (b, classes) that a model returned for a batch, in single precision or better.

    One logit may also come as (b,). More logits than classes would train without a word, fewer fail only when a class
    beyond them comes along.

    Raises:
        UsageError: the model returned something else.
    """
    logits = only(outputs)
    if classes == 1 and logits.ndim == 1:
        logits = logits.unsqueeze(1)
    if logits.shape != (len(batch.ids), classes) or not logits.is_floating_point():
        raise _misshapen(
            logits,
            batch,
            f"are floating-point numbers of shape ({len(batch)}, {classes}), "
            + ("one logit an example" if classes == 1 else each),
            classes,
        )
    return logits.to(torch.promote_types(logits.dtype, torch.float32))  # sums over rows need the digits


def amounts_of(outputs: Outputs, batch: Batch) -> Tensor:
    """The amounts (b,) that a model returned for a batch as (b,) or (b, 1), in single precision or better.

    Raises:
        UsageError: the model returned something else.
    """
    amounts, rows = only(outputs), len(batch.ids)
    shape = amounts.shape
    if (shape != (rows, 1) and shape != (rows,)) or not amounts.is_floating_point():  # noqa: PLR1714 - twice as quick
        raise _misshapen(
            amounts,
            batch,
            f"are floating-point numbers of shape ({len(batch)}, 1) or ({len(batch)},), one amount an example",
            1,
        )
    return (amounts if len(shape) == 1 else amounts.reshape(rows)).to(torch.promote_types(amounts.dtype, torch.float32))


def target_of(batch: Batch) -> Tensor:
    """The targets of a batch that is to be learnt from.

    Raises:
        ValueError: the batch has none.
    """
    if batch.target is None:
        message = "the batch has no targets; a loss needs them: read the data with their target column"
        raise ValueError(message)
    return batch.target


def _misshapen(outputs: Tensor, batch: Batch, legal: str, last: int) -> UsageError:
    kind = str(outputs.dtype).removeprefix("torch.")
    return UsageError(
        f"the model returned {kind} numbers of shape {tuple(outputs.shape)} for {len(batch)} examples",
        legal=f"legal {legal}",
        remedy=f"end the model with a linear layer of {last} output{'s' * (last != 1)}, and keep the first dimension",
    )
