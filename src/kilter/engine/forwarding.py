"""Calling a model with what it asks for, by the names of its arguments."""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import TYPE_CHECKING

from kilter.values.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

    from kilter.values.batch import Batch
    from kilter.values.pipeline import Pipeline
    from kilter.values.task import Outputs


def forward(pipeline: Pipeline, model: nn.Module, batch: Batch) -> Outputs:
    """The model's outputs for a batch.

    Without `pipeline.forward`, the model gets those of `batch.inputs` that its `forward` names; a model with one
    argument of any other name gets the first input.

    Raises:
        UsageError: the model asks for inputs that the batch does not have.
    """
    if pipeline.forward is not None:
        return pipeline.forward(model, batch)
    taken = _taken(type(model), tuple(batch.inputs))  # type: ignore[arg-type]  # classes are hashable
    outputs: Outputs
    if isinstance(taken, str):
        outputs = model(batch.inputs[taken])
    else:
        outputs = model(**{name: batch.inputs[name] for name in taken})
    return outputs


@lru_cache(maxsize=256)
def _taken(kind: type[nn.Module], given: tuple[str, ...]) -> str | tuple[str, ...]:
    parameters = list(inspect.signature(kind.forward).parameters.values())[1:]
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return given
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    required = [p.name for p in parameters if p.default is p.empty and p.name in names]
    missing = [name for name in required if name not in given]
    if not missing:
        return tuple(name for name in names if name in given)
    if len(required) == 1 and given:
        return given[0]
    raise UsageError(
        f"{kind.__name__}.forward asks for {', '.join(missing)}",
        legal=f"the batch has {', '.join(given)}",
        remedy="name its arguments so, or give the pipeline a `forward`",
    )
