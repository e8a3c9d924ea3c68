"""torch's optimizers without torch's compiler, which they load before their first step and do not use.

Loading it takes about as long as loading torch itself. The methods that load it are decorated for people who compile
their optimizer; what they decorate is the same arithmetic, and stands under `__wrapped__`.
"""

from __future__ import annotations

from typing import Any, Final

import torch
from torch.optim import Optimizer

from kilter.engine import schedule_free

_DECORATED: Final = ("add_param_group", "state_dict", "load_state_dict", "zero_grad")


def light(optimizer: type[Optimizer]) -> type[Any]:
    """A class of torch's optimizers as it is, but for what its methods are decorated with; it is not to be compiled.

    Where a version of torch decorates otherwise, the methods stay as they are.
    """
    methods: dict[str, Any] = {
        name: inner for name in _DECORATED if (inner := getattr(getattr(Optimizer, name), "__wrapped__", None))
    }
    step: Any = optimizer.step
    while hasattr(step, "__wrapped__"):  # hooks of profilers stand around it, too
        step = step.__wrapped__
    if step is not optimizer.step:
        methods["step"] = torch.no_grad()(step)
    said = f"`{optimizer.__module__}.{optimizer.__name__}`, with the same arithmetic and state."
    return type(optimizer.__name__, (optimizer,), {**methods, "__doc__": said, "__module__": __name__})


AdamW: Final = light(torch.optim.AdamW)
SGD: Final = light(torch.optim.SGD)
ScheduleFreeAdamW: Final = light(schedule_free.ScheduleFreeAdamW)
