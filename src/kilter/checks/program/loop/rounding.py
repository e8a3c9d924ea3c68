"""Updates that the numbers of the weights cannot hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted, percent
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.recording import Update

if TYPE_CHECKING:
    from torch import Tensor

LOW = (torch.float16, torch.bfloat16)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding(ProgramProbe):
    """Weights of half precision change when they are updated.

    **What it proves.** Updates are smaller than half the distance of neighbouring numbers of that precision: they are
    rounded away, each of them, and no number of steps adds them up.

    **How.** Of weights of half precision whose gradient is of about the usual size, the share that is bit by bit the
    same after an update.

    **When it stays silent.** Weights of single or double precision, as with autocast; fewer than `share` stay; a
    rate of zero.

    **What it costs.** Nothing beyond the recording.

    **Source.** Micikevicius et al. 2018, Mixed precision training, section 3.1 (a master copy of weights).
    """

    code: ClassVar[str] = "L113"
    name: ClassVar[str] = "rounding"
    share: float = 0.5  # of the weights with a gradient: most updates are lost

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        asked = kept = 0
        steps = 0
        for update in bench.recording.updates:
            one, same = _stuck(update)
            asked, kept, steps = asked + one, kept + same, steps + bool(one)
        if not asked or kept <= self.share * asked:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"{percent(kept / asked)} of the weights of half precision with a gradient were the same after"
            f" {counted(steps, 'update')}: the updates were rounded away.",
            advice="Keep the weights in 32 bits and compute in half precision by `torch.autocast`.",
            causes=("low_precision_update", "lr_too_low"),
            evidence={"weights": asked, "unchanged": kept, "updates": steps},
        )


def _stuck(update: Update) -> tuple[int, int]:
    """How many weights of half precision were asked to change, and how many of them stayed."""
    if all(float(group.get("lr", 1.0)) == 0 for group in update.groups) or update.within:
        return 0, 0
    asked = kept = 0
    for name, gradient in update.gradients.items():
        before, after = update.before[name], update.after[name]
        if gradient is None or before.dtype not in LOW:
            continue
        pulled = _pulled(gradient) & (before != 0)  # from zero, anything is held
        asked += int(pulled.sum())
        kept += int((pulled & (before == after)).sum())
    return asked, kept


def _pulled(gradient: Tensor) -> Tensor:
    size = gradient.float().abs()
    usual = size.square().mean().sqrt()
    return (size >= 0.1 * usual) & (size > 0) & torch.isfinite(size)
