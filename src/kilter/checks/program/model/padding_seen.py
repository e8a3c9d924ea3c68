"""An example's output does not depend on how far it is padded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.persons_code import PersonsCodeFailed
from kilter.checks.program.bench import Bench
from kilter.checks.program.model.examples import batch_size, between_rows, chosen
from kilter.checks.program.model.scene import Scene, scene
from kilter.checks.program.model.sequences import Padded, cut, find_padded
from kilter.checks.program.probe import ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.engine.trees import Path


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PaddingSeen(ProgramProbe):
    """What a model says of a short sequence is the same with and without its padding.

    **What it proves.** Padded places reach the output: a mean over them, an attention that does not mask them, a
    recurrent network whose last state is that of the padding. What is said of a text then depends on the longest one
    in its batch, or on the width to which all were padded, which use will not repeat.

    **How.** The token that pads is said by the person, or seen: one that fills the tails of rows of different lengths
    and stands nowhere else; sequences of frames are padded with zeros where a mask or lengths say so. After some
    updates, the shorter half of the rows is given to the model in evaluation mode, once as it is and once cut to the
    longest of them. Where there is an output for each token, those of real tokens are compared.

    **When it stays silent.** Outputs change by less than `tolerance` of how far examples differ from one another, as
    the last tokens' do where a second convolution or a backward recurrent layer looks a little over the edge. Skipped
    where nothing is padded, and where a model takes one width only.

    **What it costs.** Three forward passes of some rows.
    """

    code: ClassVar[str] = "M102"
    name: ClassVar[str] = "padding-seen"
    tolerance: float = 0.15  # of the spread of outputs over examples; masks leave 1e-6, looking over the edge below 0.1
    rows: int = 32  # that are looked at

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        seen = scene(bench)
        count = None if seen is None else batch_size(seen)
        if seen is None or count is None:
            yield Skipped(name=self.name, reason="no call of the model was seen")
            return
        if between_rows(seen.arguments, count):
            yield Skipped(name=self.name, reason="an argument relates rows to one another")
            return
        padded = find_padded(seen.arguments, count, bench.program.pad)
        if not padded:
            yield Skipped(name=self.name, reason="no sequence among the model's arguments is padded")
            return
        changes = [(self._change(seen, count, one), one) for one in padded]
        told = [(change, one) for change, one in changes if change is not None]
        if not told:
            yield Skipped(name=self.name, reason="the model does not take other widths, or outputs have other forms")
        for change, one in told[:1] if not any(change > self.tolerance for change, _ in told) else told:
            if change > self.tolerance:
                fresh = scene(bench, settled=False)
                at_once = None if fresh is None else self._change(fresh, count, one)
                yield self._finding(change, one, at_once=at_once is not None and at_once > self.tolerance)
                return

    def _change(self, seen: Scene, count: int, padded: Padded) -> float | None:
        """How far outputs go, as a share of their spread, when the padding behind short rows is cut off."""
        arguments = seen.arguments
        width = arguments[padded.path].shape[1]
        short = _short(padded.lengths, width, self.rows)
        if len(short) < 2:
            return None
        kept = int(padded.lengths[short].max())
        rows = chosen(arguments, short, count)
        rows = {path: tensor for path, tensor in rows.items() if tensor.shape[0] == len(short)}
        others = {path: tensor for path, tensor in arguments.items() if path not in rows}
        narrow = {path: cut(tensor, width, kept, len(short)) for path, tensor in rows.items()}
        narrow |= {path: cut(t, width, kept, -1) for path, t in others.items() if t.ndim and width in t.shape}
        try:
            before = seen.with_arguments(rows)
            after = seen.with_arguments(narrow)
        except PersonsCodeFailed:
            return None
        places = torch.arange(width) < padded.lengths[short].cpu()[:, None]
        found = [
            _gap(tensor, after[path], places, kept)
            for path, tensor in before.items()
            if tensor.is_floating_point() and tensor.ndim and path in after
        ]
        gaps = [gap for gap in found if gap is not None]
        return max(gaps) if gaps else None

    def _finding(self, change: float, padded: Padded, *, at_once: bool) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"Outputs of the shorter sequences {_told(change)} when only their padding"
            f"{'' if padded.pad is None else f' (token {padded.pad})'} was cut off, in evaluation mode.",
            advice="Leave padded places out: in pooling, in attention (`src_key_padding_mask`, `attention_mask`), and"
            " by taking a recurrent network's state at the last real token or packing what goes through it.",
            causes=("padding_leak",),
            follows=("rows-mixed",) if at_once else ("rows-mixed", "rate-too-high"),  # which blows up what is small
            evidence={"change": change, "pad": padded.pad, "argument": _said(padded.path)},
        )


def _short(lengths: Tensor, width: int, most: int) -> list[int]:
    """The rows of the shorter half, of which each has a padded place."""
    order = torch.argsort(lengths, stable=True).tolist()
    half = [row for row in order[: max(2, len(order) // 2)] if int(lengths[row]) < width]
    return half[:: max(1, len(half) // most)][:most]


def _gap(before: Tensor, after: Tensor, places: Tensor, kept: int) -> float | None:
    """The typical change as a share of the typical distance from the mean; None where forms do not meet."""
    rows, width = places.shape
    before, after = before.detach().double().cpu(), after.detach().double().cpu()
    if before.shape[0] == rows * width and after.shape[0] == rows * kept:
        before = before.reshape(rows, width, *before.shape[1:])
        after = after.reshape(rows, kept, *after.shape[1:])
    if before.shape[0] != rows or after.shape[0] != rows:
        return None
    by_place = [d for d in range(1, before.ndim) if before.shape[d] == width and after.shape[d] == kept]
    if width != kept and by_place:
        real = places[:, :kept]
        before = before.movedim(by_place[0], 1)[:, :kept][real]
        after = after.movedim(by_place[0], 1)[real]
    if before.shape != after.shape or not before.numel():
        return None
    spread = float((before - before.mean(0)).pow(2).mean().sqrt())
    after = after.nan_to_num(nan=float("inf")).where(torch.isfinite(before), before)  # no number: all were masked
    moved = (before - after).flatten(1).pow(2).mean(1).sqrt() if before.ndim > 1 else (before - after).abs()
    return float(moved.mean()) / max(spread, 1e-3 * float(before.abs().max()), 1e-12)


def _told(change: float) -> str:
    if math.isfinite(change):
        return f"changed by {change:.2g} times the spread between examples"
    return "were no numbers any more"


def _said(path: Path) -> str:
    return ".".join(str(part) for part in path[1:])
