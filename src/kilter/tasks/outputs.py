"""What a model returned, as the one tensor that most tasks read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.values.batch import Batch
    from kilter.values.task import Outputs


def only(outputs: Outputs) -> Tensor:
    """The one tensor that a model of one head returns.

    Raises:
        TypeError: the model returned something else.
    """
    if isinstance(outputs, torch.Tensor):
        return outputs
    message = (
        f"the model returned a {type(outputs).__name__}; this task reads one tensor: return it, or give a `forward`"
    )
    raise TypeError(message)


def target_of(batch: Batch) -> Tensor:
    """The targets of a batch that is to be learnt from.

    Raises:
        ValueError: the batch has none.
    """
    if batch.target is None:
        message = "the batch has no targets; a loss needs them: read the data with their target column"
        raise ValueError(message)
    return batch.target
