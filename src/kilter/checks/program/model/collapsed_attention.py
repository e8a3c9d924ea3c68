"""Attention that looks at one place only, at all alike, or at padding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.model.examples import batch_size
from kilter.checks.program.model.scene import Scene, scene
from kilter.checks.program.model.sequences import find_padded
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import listed, percent, shown
from kilter.engine.activations import Activation, watching
from kilter.engine.attention import shares
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from torch import Tensor


class Look(NamedTuple):
    """How one attention spreads over the places that it may see."""

    module: str
    largest: float  # mean share of the place that gets most, over queries that may see four places or more
    uneven: float  # the largest distance of a share from an even one, times the number of places
    padding: float  # share that goes to padding, of rows that are padded; 0 where that is not known


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CollapsedAttention(ProgramProbe):
    """Attention weighs the places that it may see, neither one of them alone nor all of them alike for ever.

    **What it proves.** Where one place gets everything from the start, products of queries and keys are too large (no
    division by the root of the width, weights drawn too large), and the softmax lets no gradient through. Where all
    places get the same to the last digit after some updates, queries or keys are constant, or the softmax runs over
    a dimension of one. Where padding gets nearly everything, the mask is upside down.

    **How.** Softmax results that then weigh something in a product, and torch's fused attention, are watched in
    evaluation mode, as the model was made and after some updates.

    **When it stays silent.** The largest share is below `largest` on the mean over all heads, examples and queries;
    shares differ by more than rounding; padding gets less than `padding`. Small fresh models attend almost evenly, and
    that is well.

    **What it costs.** Two forward passes.

    **Source.** Vaswani et al. 2017, Attention is all you need (NeurIPS), section 3.2.1, on large products; Zhai et al.
    2023, Stabilizing transformer training by preventing attention entropy collapse (ICML).
    """

    code: ClassVar[str] = "M112"
    name: ClassVar[str] = "collapsed-attention"
    largest: float = 0.9  # mean share of the place that gets most; products of unit variance leave about 0.2
    uneven: float = 1e-6  # what rounding of 32 bits leaves of an even share
    padding: float = 0.9  # share that padding gets
    places: int = 4  # that a query may see

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        fresh, settled = scene(bench, settled=False), scene(bench)
        if fresh is None or settled is None:
            yield Skipped(name=self.name, reason="no call of the model was seen")
            return
        begun = self._looks(bench, fresh)
        if not begun:
            yield Skipped(name=self.name, reason="no attention over four places or more was seen")
            return
        later = self._looks(bench, settled)
        pointed = [look for look in begun if look.largest > self.largest and look.uneven >= self.uneven]
        even = [look for look in later if look.uneven < self.uneven]
        padded = [look for look in begun if look.padding > self.padding and not pointed]
        if pointed:
            words = f"one place got {percent(pointed[0].largest)} of the weight on the mean before the first update"
            advice = (
                "Divide the products of queries and keys by the root of their width, and draw their weights smaller."
            )
        elif padded:
            words = f"padding got {percent(padded[0].padding)} of the weight"
            advice = "Turn the mask over: see whether true means padding or a real place."
        elif even:
            words = "all places got the same weight to the last digit, before and after the first updates"
            advice = "See that queries and keys depend on the input, and over which dimension the softmax runs."
        else:
            return
        names = list(dict.fromkeys(look.module or "the model itself" for look in pointed or padded or even))
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.MEASURED,
            seen=f"In the attention of {listed(names)}, {words}.",
            advice=advice,
            causes=("attention_collapse", "padding_leak" if padded else "saturated_activation"),
            where=shown(names),
            evidence={
                "largest": [round(look.largest, 4) for look in begun[:20]],
                "uneven": [float(f"{look.uneven:.2g}") for look in later[:20]],
                "padding": [round(look.padding, 4) for look in begun[:20]],
            },
        )

    def _looks(self, bench: Bench, seen: Scene) -> list[Look]:
        count = batch_size(seen) or 0
        padded = find_padded(seen.arguments, count, bench.program.pad) if count else []
        found: list[Look] = []

        def look(activation: Activation) -> None:
            spread = shares(activation)
            if spread is None or spread[0].shape[-1] < self.places or spread[0].numel() > 1 << 24:
                return
            lengths = [one.lengths for one in padded]
            reading = _read(activation.module, *spread, places=self.places, count=count, lengths=lengths)
            if reading is not None:
                found.append(reading)

        with watching(seen.made.model, look):  # a peek, since without gradients torch takes another way
            bench.peek(seen.made, seen.batch, training=False)
        return found


def _read(
    module: str, weights: Tensor, allowed: Tensor, *, places: int, count: int, lengths: list[Tensor]
) -> Look | None:
    number = allowed.sum(-1)
    wide = number >= places
    if not bool(wide.any()) or not bool(torch.isfinite(weights[wide]).all()):
        return None
    rows = weights[wide]
    even = rows.sum(-1, keepdim=True) / number[wide][..., None]
    uneven = float(((rows - even).abs() * allowed[wide] / even.clamp(min=1e-30)).max())
    tops = rows >= (1 - 1e-4) * rows.amax(-1, keepdim=True)  # one token may stand in several places
    few = tops.sum(-1) * 2 <= number[wide]
    largest = float(torch.where(few, (rows * tops).sum(-1), rows.amax(-1)).mean())
    padding = max((_on_padding(weights, count, length) for length in lengths), default=0.0)
    return Look(module=module, largest=largest, uneven=uneven, padding=padding)


def _on_padding(weights: Tensor, count: int, lengths: Tensor) -> float:
    """The mean share that places behind a row's length get, over rows that have some."""
    width = weights.shape[-1]
    if not count or len(weights) % count or int(lengths.max()) > width:
        return 0.0
    by_row = weights.reshape(count, -1, *weights.shape[-2:]).flatten(1, -3)
    tails = torch.arange(width, device=weights.device) >= lengths.to(weights.device)[:, None]
    some = tails.any(1)
    if not bool(some.any()):
        return 0.0
    return float((by_row[some] * tails[some][:, None, None]).sum(-1).mean())
