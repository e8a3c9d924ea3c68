"""Padding is not learnt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.meeting import NOT_SEEN
from kilter.checks.program.loss.padded import padded_places
from kilter.checks.program.loss.surface import surface
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import percent
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PaddingInLoss(ProgramProbe):
    """Places that only fill a batch do not count in the loss.

    **What it proves.** The loss has a gradient at padded places: the model is taught to predict padding, which is easy,
    and the mean loss and the accuracy look better the longer the longest sequence is.

    **How.** Padded places are known by the token that was named, by a mask or lengths in the batch, or by a number that
    only ever stands at the ends of rows, in runs of several lengths. The gradient of the loss by the predictions there
    must be zero.

    **When it stays silent.** It is zero at most of them (the first may be the end of a sentence, which is learnt);
    there is one answer an example; nothing is seen to be padded, or fewer than `share` of the places are.

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
        for length in dict.fromkeys(t.shape[1] for t in (target, given, asked.outputs) if t.ndim >= 2):
            places = self._places(bench, length)
            if places is None:
                continue
            fixed = self._over(target, places) if target.shape[:1] == places.shape[:1] or target.ndim == 1 else None
            if fixed is None and target.ndim == 2 and target.shape[1] == length + 1:
                fixed = target[:, 1:, None]  # a text of which the first token is not predicted
            if fixed is None or not bool((fixed[places] == fixed[places][0]).all()):
                continue  # there is something to say at those places
            gradient = asked.gradient()
            over = None if gradient is None else self._over(gradient, places)
            if over is None or not bool(over.any()):
                continue
            pulled = over.abs().sum(-1) > 0
            counts = float(pulled[places].double().mean())
            weight = float(pulled[places].sum() / pulled.sum())
            if counts > self.counted and weight >= self.share:
                yield Finding(
                    code=self.code,
                    name=self.name,
                    severity=Severity.WARNING,
                    strength=Strength.PROVED,
                    seen=f"{percent(counts)} of the padded places have a gradient in the loss; they"
                    f" are {percent(weight)}"
                    " of all places that are learnt.",
                    advice="Leave padded places out of the loss: give their targets `ignore_index`"
                    " (-100), or multiply by"
                    " the mask and divide by its sum.",
                    causes=("padding_not_masked_in_loss", "padding_leak"),
                    evidence={"padded places that count": counts, "share of places": weight},
                )
            return

    def _places(self, bench: Bench, length: int) -> Tensor | None:
        """(b, length), where it is padded; one place less where the first token is not predicted."""
        places = padded_places(bench, length)
        if places is None:
            longer = padded_places(bench, length + 1)
            places = longer[:, 1:] if longer is not None else None
        return places if places is not None and bool(places.any()) else None

    def _over(self, tensor: Tensor, places: Tensor) -> Tensor | None:
        """Numbers by (b, t, the rest), whichever way a loss was given them; None where they do not fit."""
        if tensor.ndim == 3 and tensor.shape[::2] == places.shape and tensor.shape[1] != places.shape[1]:
            tensor = tensor.movedim(1, -1)  # classes in the second dimension, as cross-entropy takes them
        if tensor.shape[:2] != places.shape and tensor.shape[0] != places.numel():
            return None
        return tensor.reshape(*places.shape, -1)
