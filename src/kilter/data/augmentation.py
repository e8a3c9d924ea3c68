"""How training examples are varied, as a recipe says it: all of it a function of (seed, epoch, row)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from kilter.data.image_variations import cut_out, flipped, rotated, shifted
from kilter.data.number_variations import with_noise
from kilter.data.text_variations import with_swaps, with_synonyms, without_tokens
from kilter.values.errors import Fault
from kilter.values.recipe import Augment

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.data.preprocessing import Encoded
    from kilter.data.text_variations import Synonyms


def augmented(
    inputs: Mapping[str, Tensor],
    augment: Augment,
    synonyms: Synonyms | None,
    *,
    seed: int,
    epoch: int,
    rows: Sequence[int],
) -> dict[str, Tensor]:
    """The inputs of these rows, each varied by itself.

    Tokens change places, then are replaced, then dropped; images are turned, then moved, mirrored and cut.
    """
    replaced = None if synonyms is None else partial(with_synonyms, synonyms=synonyms, share=augment.synonym_share)
    steps: tuple[tuple[str, object, Callable[..., Tensor] | None], ...] = (
        ("tokens", augment.token_swaps, partial(with_swaps, share=augment.token_swaps)),
        ("tokens", synonyms, replaced),
        ("tokens", augment.token_dropout, partial(without_tokens, share=augment.token_dropout)),
        ("numbers", augment.noise, partial(with_noise, deviation=augment.noise)),
        ("image", augment.rotate, partial(rotated, degrees=augment.rotate)),
        ("image", augment.shift, partial(shifted, most=augment.shift)),
        ("image", augment.flip, flipped),
        ("image", augment.cutout, partial(cut_out, side=augment.cutout)),
    )
    varied = dict(inputs)
    for name, wanted, vary in steps:
        if wanted and vary is not None:
            varied[name] = vary(varied[name], seed=seed, epoch=epoch, rows=rows)
    return varied


def augmentation_faults(augment: Augment, encoded: Encoded, *, each_token: bool) -> list[Fault]:
    """Settings that decide nothing for these inputs, or would make their targets wrong.

    Args:
        augment: how rows are to be varied.
        encoded: their inputs.
        each_token: whether each token has a target of its own.
    """
    kinds = {
        "token_dropout": (encoded.tokens, "texts"),
        "token_swaps": (encoded.tokens, "texts"),
        "synonyms": (encoded.tokens, "texts"),
        "noise": (encoded.numbers, "numbers"),
        "shift": (encoded.image, "images"),
        "flip": (encoded.image, "images"),
        "rotate": (encoded.image, "images"),
        "cutout": (encoded.image, "images"),
    }
    faults = [
        Fault(
            met=f"augment.{name} decides nothing",
            legal=f"it is for {kind}, and no input holds any",
            remedy="leave it out",
        )
        for name, (array, kind) in kinds.items()
        if getattr(augment, name) and array is None
    ]
    if augment.synonyms is None and augment.synonym_share != Augment().synonym_share:
        legal = "it is the share of tokens that `augment.synonyms` replaces"
        faults.append(Fault(met="augment.synonym_share decides nothing", legal=legal, remedy="leave it out"))
    if each_token:
        legal = "each token has its own target here, which would stay where it is; token_dropout leaves tokens in place"
        faults += [
            Fault(met=f"augment.{name}", legal=legal, remedy="leave it out")
            for name in ("token_swaps", "synonyms")
            if getattr(augment, name)
        ]
    if encoded.image is not None:
        side = min(encoded.image.shape[2:])
        faults += [
            Fault(
                met=f"augment.{name} = {getattr(augment, name)}",
                legal=f"less than the smaller side of the images, {side} pixels",
            )
            for name in ("shift", "cutout")
            if getattr(augment, name) >= side
        ]
    if augment.mixup:
        faults += _mixup_faults(encoded)
    return faults


def _mixup_faults(encoded: Encoded) -> list[Fault]:
    given = {"texts": encoded.tokens, "categories": encoded.categories}
    there = [kind for kind, array in given.items() if array is not None]
    if not there:
        return []
    remedy = "leave it out"
    if there == ["categories"] and encoded.numbers is not None:
        remedy += "; columns of few whole numbers are no categories with preprocessing.levels: 0"
    legal = f"it mixes numbers and images, and inputs hold {' and '.join(there)}"
    return [Fault(met="augment.mixup", legal=legal, remedy=remedy)]
