"""Running statistics of batch normalisation that do not follow the batches."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, final

import torch
from torch import nn

from kilter.checks.program.bench import Bench
from kilter.checks.program.model.scene import fresh
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import listed, percent, shown
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StaleStatistics(ProgramProbe):
    """The running mean and variance with which a model is evaluated follow those of the batches.

    **What it proves.** In evaluation a normalisation uses what it has gathered while training. If it gathers next to
    nothing (a momentum near zero, as where another library's convention was carried over, or statistics that are reset
    or never written), the evaluated model is another one than the trained one, and much worse.

    **How.** What reaches each batch normalisation in the first step is seen once more, and its mean and variance are
    compared with how far the running ones moved in that step. From that follows how much of their start will be left
    after the whole training.

    **When it stays silent.** Less than `left` of the start will be left; the statistics are right from the start;
    the layer is held in evaluation mode, or keeps no statistics.

    **What it costs.** One forward pass.

    **Source.** Ioffe and Szegedy 2015, Batch normalization (ICML), section 3.1.
    """

    code: ClassVar[str] = "M110"
    name: ClassVar[str] = "stale-statistics"
    left: float = 0.5  # of the start, after the whole training
    apart: float = 0.5  # of a batch's statistics; a nearer start does no harm
    steps: int = 1000  # of a training whose length nobody says

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        recording = bench.recording
        training = [step for step in recording.steps if step.calls and step.calls[0].training]
        made = fresh(bench)
        norms = {
            name: module
            for name, module in made.model.named_modules()
            if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_mean is not None  # noqa: SLF001
        }
        if not norms or not training or training[0] is not recording.steps[0]:
            yield Skipped(name=self.name, reason="no batch normalisation gathers statistics in the first step")
            return
        step = recording.steps[0]
        following = recording.steps[1].before if len(recording.steps) > 1 else recording.after
        evaluating = {name for call in step.calls for name in call.evaluating}
        given = _given(bench, made, norms, step.batch)
        whole = self._length(bench, made)
        stale: dict[str, float] = {}
        for name in norms:
            key = f"{name}.running_mean" if name else "running_mean"
            if name in evaluating or name not in given or key not in following or key not in step.before:
                continue
            share = self._share(step.before, following, key, given[name])
            if share is not None and max(0.0, 1 - share) ** whole > self.left:
                stale[name] = share
        if not stale:
            return
        moved = max(stale.values())
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.MEASURED,
            seen=f"In one step the running statistics of {listed(stale)} went {percent(moved)} of the way to those of"
            f" the batch; after {whole:,} steps {percent((1 - moved) ** whole)} of their start will be left.",
            advice="Leave the momentum at 0.1 (in torch the weight of the new batch, not of the old statistics), and"
            " let every training step write the statistics.",
            causes=("bn_stats_stale",),
            where=shown(list(stale)),
            evidence={"share": moved, "steps": whole},
        )

    def _share(self, before: Any, after: Any, key: str, batch: tuple[Tensor, Tensor]) -> float | None:
        """The share of the way to the batch's statistics that one step went; None where that way is short."""
        spread = key.replace("running_mean", "running_var")
        start = torch.cat([before[key], before[spread]]).double().cpu()
        end = torch.cat([after[key], after[spread]]).double().cpu()
        aim = torch.cat(batch)
        if start.shape != aim.shape or not bool(torch.isfinite(aim).all()):
            return None
        scale = torch.cat([aim[len(aim) // 2 :].clamp(min=1e-12).sqrt(), aim[len(aim) // 2 :].clamp(min=1e-12)])
        way = (aim - start) / scale
        if float(way.abs().median()) < self.apart:
            return None
        gone = (end - start) / scale
        return float((way * gone).sum() / way.pow(2).sum())

    def _length(self, bench: Bench, made: Any) -> int:
        try:
            each = len(made.train)
        except TypeError:
            return self.steps
        return max(1, each * bench.program.epochs) if bench.program.epochs else self.steps


def _given(bench: Bench, made: Any, norms: dict[str, Any], batch: Any) -> dict[str, tuple[Tensor, Tensor]]:
    """The mean and variance of what reached each layer, in double precision; the first call of each counts."""
    found: dict[str, tuple[Tensor, Tensor]] = {}

    def noting(name: str) -> Any:
        def hook(_module: nn.Module, arguments: tuple[Any, ...]) -> None:
            if name not in found and arguments and isinstance(arguments[0], torch.Tensor):
                rows = arguments[0].detach().double().cpu().transpose(0, 1).flatten(1)
                if rows.shape[1] > 1:
                    found[name] = rows.mean(1), rows.var(1)

        return hook

    handles = [module.register_forward_pre_hook(noting(name)) for name, module in norms.items()]
    try:
        bench.peek(made, batch)
    finally:
        for handle in handles:
            handle.remove()
    return {name: pair for name, pair in found.items() if math.isfinite(float(pair[0].sum()))}
