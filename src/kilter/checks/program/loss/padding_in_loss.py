"""Padding is not learnt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.meeting import NOT_SEEN
from kilter.checks.program.loss.padded import padded_places
from kilter.checks.program.loss.surface import surface
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import percent
from kilter.values.finding import Finding, Severity, Skipped, Strength


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PaddingInLoss(ProgramProbe):
    """Places that only fill a batch do not count in the loss.

    **What it proves.** The loss has a gradient at padded places: the model is taught to predict padding, which is easy,
    and the mean loss and the accuracy look better the longer the longest sequence is.

    **How.** Padded places are known by the token that was named, by a mask or lengths in the batch, or by a number that
    only ever stands at the ends of rows, in runs of several lengths. The gradient of the loss by the predictions there
    must be zero.

    **When it stays silent.** It is zero at most of them (the first may be the end of a sentence, which is learnt); there
    is one answer an example; nothing is seen to be padded, or fewer than `share` of the places are.

    **What it costs.** One gradient of the loss.

    **Source.** PyTorch's `ignore_index`; Hugging Face's label -100.
    """

    code: ClassVar[str] = "O109"
    name: ClassVar[str] = "padding-in-loss"
    share: float = 0.05  # of places, less does little harm
    counted: float = 0.5  # of padded places; one end mark a row may be learnt

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        asked = surface(bench)
        if asked is None:
            yield Skipped(name=self.name, reason=NOT_SEEN)
            return
        target, given = asked.target, asked.given
        shapes = [tensor.shape[:2] for tensor in (target, given, asked.outputs) if tensor.ndim >= 2]
        for rows, length in dict.fromkeys(shapes):
            places = padded_places(bench, length)
            if places is None or len(places) != rows or given.numel() % places.numel():
                continue
            if given.shape[:2] != places.shape and given.shape[0] != places.numel() and given.shape[::2] != places.shape:
                continue
            fixed = target.reshape(*places.shape, -1)[places] if target.numel() % places.numel() == 0 else None
            if fixed is None or not bool((fixed == fixed[0]).all()):
                continue  # there is something to say at those places
            gradient = asked.gradient()
            if gradient is None or not bool(gradient.any()):
                continue
            if given.shape[:2] != places.shape and given.ndim == 3 and given.shape[::2] == places.shape:
                gradient = gradient.movedim(1, -1)
            pulled = gradient.reshape(*places.shape, -1).abs().sum(-1) > 0
            counts = float(pulled[places].double().mean())
            weight = float(pulled[places].sum() / pulled.sum())
            if counts > self.counted and weight >= self.share:
                yield Finding(
                    code=self.code,
                    name=self.name,
                    severity=Severity.WARNING,
                    strength=Strength.PROVED,
                    seen=f"{percent(counts)} of the padded places have a gradient in the loss; they are {percent(weight)}"
                    " of all places that are learnt.",
                    advice="Leave padded places out of the loss: give their targets `ignore_index` (-100), or multiply by"
                    " the mask and divide by its sum.",
                    causes=("padding_not_masked_in_loss", "padding_leak"),
                    evidence={"padded places that count": counts, "share of places": weight},
                )
            return
