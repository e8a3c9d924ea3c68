"""AdamW that averages its steps instead of a schedule that brings the rate down (Defazio et al. 2024, algorithm 1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, final

import torch
from torch.optim import Optimizer

if TYPE_CHECKING:
    from torch import Tensor

TRAINED: Final = "trained"
"""Where in the state of a parameter its y lies while x is in its place."""


@final
class ScheduleFreeAdamW(Optimizer):
    """AdamW whose result is an average of its steps, as good at any step as if the rate had come down to there.

    Three sequences belong together: z makes AdamW's steps, x is their weighted mean, which is judged, and gradients are
    taken at y = (1 - beta1) z + beta1 x. The parameters hold y; z is kept, and x = y + (1 - 1/beta1) (z - y) is worked
    out where it is wanted: `engine/averaging.py`. Steps weigh as the square of the highest rate so far, so that a
    warm-up counts little. Decay falls on y, apart from the gradient. The second moment is corrected for its start as
    Adam does it, not through the rate as in the paper, so that decay and averages go by the rate itself.

    Args:
        params: parameters or groups of them.
        lr: the rate, warm-up apart the same all the time.
        betas: share of the average where gradients are taken, and decay of the second moment.
        eps: added to the root of the second moment.
        weight_decay: share of the rate by which y is drawn to zero in each step.
    """

    def __init__(
        self,
        params: Any,
        *,
        lr: float = 2.5e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "steps": 0,
            "highest_lr": 0.0,
            "weight_sum": 0.0,
        }
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step of all three sequences.

        Raises:
            RuntimeError: the parameters hold averages, from which no training goes on.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            self._step(group)
        return loss

    def _step(self, group: dict[str, Any]) -> None:
        ys = [parameter for parameter in group["params"] if parameter.grad is not None]
        beta1, beta2 = group["betas"]
        group["steps"] += 1
        correction = 1 - beta2 ** group["steps"]
        lr = group["lr"]
        group["highest_lr"] = max(group["highest_lr"], lr)
        weight = group["highest_lr"] ** 2
        group["weight_sum"] += weight
        share = weight / group["weight_sum"] if weight else 0.0  # of this step in the mean
        if not ys:
            return
        if TRAINED in self.state.get(ys[0], {}):
            message = "the parameters hold averages; call `go_on(optimizer)` before the next step"
            raise RuntimeError(message)
        for y in ys:
            if y not in self.state:
                self.state[y] = {"z": y.clone(), "second": torch.zeros_like(y)}
        zs: list[Tensor] = [self.state[y]["z"] for y in ys]
        seconds: list[Tensor] = [self.state[y]["second"] for y in ys]
        gradients: list[Tensor] = [y.grad for y in ys if y.grad is not None]
        torch._foreach_mul_(seconds, beta2)
        torch._foreach_addcmul_(seconds, gradients, gradients, 1 - beta2)
        denominators = torch._foreach_div(seconds, correction)  # noqa: SLF001 - one call for all
        torch._foreach_sqrt_(denominators)
        torch._foreach_add_(denominators, group["eps"])
        moves = torch._foreach_div(gradients, denominators)  # noqa: SLF001 - one call for all
        if group["weight_decay"]:
            torch._foreach_add_(moves, ys, alpha=group["weight_decay"])
        torch._foreach_lerp_(ys, zs, share)
        torch._foreach_add_(ys, moves, alpha=lr * (beta1 * (1 - share) - 1))
        torch._foreach_sub_(zs, moves, alpha=lr)

    def averages(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Each parameter that has made a step, and its x; one at a time, since nobody needs all of them at once."""
        for group in self.param_groups:
            for y in group["params"]:
                if "z" in self.state.get(y, {}):
                    yield y, y.detach().lerp(self.state[y]["z"], 1 - 1 / group["betas"][0])
