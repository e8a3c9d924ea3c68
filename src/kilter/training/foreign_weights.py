"""Weights from elsewhere for a model: a run, a checkpoint, a file of somebody else's; and what of them has matched."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from kilter.engine.seeding import left_as_found
from kilter.training.checkpoints import at_step, newest
from kilter.training.keeping import read_best
from kilter.values.errors import DataError, Fault, UsageError
from kilter.values.frozen_map import FrozenMap
from kilter.values.words import a_few

if TYPE_CHECKING:
    from torch import nn

    from kilter.values.pipeline import ModelFactory, Pipeline
    from kilter.values.run import Run

ENDINGS: Final = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
_WRAPPERS: Final = ("state_dict", "model_state_dict", "model", "weights", "module")
_PREFIXES: Final = ("module.", "_orig_mod.", "model.")
_CHECKPOINTS: Final = "checkpoints"
_CHECKPOINT: Final = re.compile(r"step-(\d{8,})")
_LEGAL: Final = f"a run's folder, a checkpoint's folder, or a file that ends in {', '.join(ENDINGS)}"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """What of some weights went into a model.

    Attributes:
        source: where they come from, in words.
        matched: names of the model's tensors that now have them.
        missing: names of the model's tensors for which there were none; these are as they were.
        unexpected: names of the weights that the model does not have.
        reshaped: names that both have, with the shape of the weights and that of the model; these are as they were.
        stripped: what was taken off: the key that they lay under, beginnings of their names.
    """

    source: str
    matched: tuple[str, ...]
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    reshaped: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=dict[str, Any])
    stripped: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "reshaped", FrozenMap(self.reshaped))

    @property
    def complete(self) -> bool:
        """Whether all of the model's tensors have new values."""
        return not (self.missing or self.reshaped)

    def __str__(self) -> str:
        whole = len(self.matched) + len(self.missing) + len(self.reshaped)
        said = [f"{len(self.matched):,} of {whole:,} tensors have the weights of {self.source}"]
        if self.stripped:
            said.append(f"taken off: {', '.join(self.stripped)}")
        if self.reshaped:
            shapes = [f"{name} {list(there)} for {list(here)}" for name, (there, here) in self.reshaped.items()]
            said.append(f"of another shape: {a_few(shapes)}")
        if self.missing:
            said.append(f"not among them: {a_few(self.missing)}")
        if self.unexpected:
            said.append(f"not in the model: {a_few(self.unexpected)}")
        return "; ".join(said)


def load_weights(model: nn.Module, path: str | Path | Run) -> Matched:
    """Give a model all the weights that fit it by name and shape, and put it into evaluation mode.

    Nothing that could run is read from a file: tensors and plain containers alone. Names may stand under a key
    (`state_dict`, `model`) and begin as wrappers have them begin (`module.`, `_orig_mod.`, `model.`); both are taken
    off where more names fit then, which is said.

    >>> from tempfile import TemporaryDirectory
    >>> from torch import nn
    >>> with TemporaryDirectory() as folder:
    ...     torch.save({"state_dict": {"module.weight": torch.ones(1, 2)}}, f"{folder}/mine.pt")
    ...     print(load_weights(nn.Linear(2, 1), f"{folder}/mine.pt"))
    1 of 2 tensors have the weights of mine.pt; taken off: 'state_dict', 'module.'; not among them: bias

    Args:
        model: of which weights that do not match are left as they are.
        path: a run or its folder (its best weights), the folder of a checkpoint, a safetensors file, or a file that
            `torch.save` has written of a state_dict.

    Raises:
        UsageError: there is nothing of that kind, or nothing in it matches the model.
        DataError: it cannot be read.
    """
    weights, source, stripped = read_weights(path if isinstance(path, str | Path) else path.path)
    return give(model, weights, source=source, stripped=stripped)


def read_weights(path: str | Path) -> tuple[Mapping[str, Any], str, tuple[str, ...]]:
    """Tensors by name, where they come from in words, and the key that they lay under.

    Raises:
        UsageError: there is nothing of that kind.
        DataError: it cannot be read.
    """
    path = Path(path)
    if path.is_dir():
        return (*_of_folder(path), ())
    if not path.is_file():
        raise UsageError(f"{path} does not exist", legal=_LEGAL, remedy="name one of these")
    if path.suffix not in ENDINGS:
        raise UsageError(f"{path} ends in {path.suffix or 'nothing'!r}", legal=_LEGAL, remedy="name one of these")
    if path.suffix == ".safetensors":
        with _said_as_ours(path):
            return load_file(path), path.name, ()
    with _said_as_ours(path):
        tree: object = torch.load(path, map_location="cpu", weights_only=True)
    return _unwrapped(tree, path)


def give(model: nn.Module, weights: Mapping[str, Any], *, source: str, stripped: tuple[str, ...] = ()) -> Matched:
    """Give a model what fits it of tensors by name, and put it into evaluation mode.

    Raises:
        UsageError: nothing fits.
    """
    mine: dict[str, Any] = dict(model.state_dict())
    named, prefixes = _best_named(weights, mine)
    fitting = {name: value for name, value in named.items() if _alike(value, mine.get(name))}
    if not fitting:
        raise UsageError(
            f"nothing of {source} matches the model: it has {a_few(list(named))}, and the model {a_few(list(mine))}",
            legal="weights go to tensors of the same name and shape",
            remedy="take the weights of such a model, or rename them",
        )
    model.load_state_dict(fitting, strict=False)
    model.eval()
    return Matched(
        source=source,
        matched=tuple(name for name in mine if name in fitting),
        missing=tuple(name for name in mine if name not in named),
        unexpected=tuple(name for name in named if name not in mine),
        reshaped={
            name: (tuple(getattr(value, "shape", ())), tuple(getattr(mine[name], "shape", ())))
            for name, value in named.items()
            if name in mine and name not in fitting
        },
        stripped=(*stripped, *(repr(prefix) for prefix in prefixes)),
    )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BeginningWith:
    """A model factory whose models begin with given weights, as far as these match; see `begin_with`.

    Attributes:
        make_model: the factory of the model, which is called as before, so that it draws as before.
        weights: by name.
        matched: what of them goes into a model.
    """

    make_model: ModelFactory
    weights: Mapping[str, Any]
    matched: Matched

    def __call__(self) -> nn.Module:
        model = self.make_model()
        give(model, self.weights, source=self.matched.source)
        return model.train()

    def __repr__(self) -> str:
        return f"BeginningWith({self.matched.source!r}, {len(self.matched.matched)} tensors)"


def begin_with(make_model: ModelFactory, path: str | Path) -> BeginningWith:
    """A factory like another one whose models begin with the weights of `path`, as `load_weights` reads them.

    Raises:
        UsageError: there is nothing of that kind, or nothing in it matches the model.
        DataError: it cannot be read.
    """
    weights, source, stripped = read_weights(path)
    with left_as_found():
        matched = give(make_model(), weights, source=source, stripped=stripped)
    return BeginningWith(make_model=make_model, weights=weights, matched=matched)


def weights_faults(pipeline: Pipeline) -> Iterator[Fault]:
    """`train.weights` of a pipeline that was made by hand, whose factory knows nothing of it."""
    path = pipeline.recipe.train.weights
    if path is not None and not isinstance(pipeline.make_model, BeginningWith):
        yield Fault(
            met=f"train.weights = {path!r} decides nothing",
            legal="a project file and `kilter.make_pipeline` read it; a factory of your own makes its model itself",
            remedy="call kilter.load_weights in make_model, or leave it out",
        )


def _of_folder(path: Path) -> tuple[Mapping[str, Any], str]:
    if form := _CHECKPOINT.fullmatch(path.name):
        checkpoint = at_step(path.parent, int(form[1]))
        return checkpoint.weights(), f"step {checkpoint.step:,} ({path})"
    folder = path / _CHECKPOINTS if (path / _CHECKPOINTS).is_dir() else path
    best = read_best(folder)
    last = newest(folder) if best is None else at_step(folder, best)
    if last is None:
        raise UsageError(f"{path} has no weights", legal=_LEGAL, remedy="name one of these")
    return last.weights(), f"step {last.step:,} of {path}"


@contextmanager
def _said_as_ours(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, SafetensorError, RuntimeError, EOFError) as error:
        raise DataError(
            f"{path} cannot be read: {str(error).splitlines()[0]}",
            legal="a safetensors file, or what `torch.save` has written",
            remedy="bring back a whole copy",
        ) from error
    except Exception as error:  # what torch refuses to build
        raise DataError(
            f"{path} holds more than tensors ({type(error).__name__})",
            legal="tensors in plain containers; nothing that could run is read from a file",
            remedy="where it was made, write torch.save(model.state_dict(), path)",
        ) from error


def _unwrapped(tree: object, path: Path) -> tuple[Mapping[str, Any], str, tuple[str, ...]]:
    under: list[str] = []
    while isinstance(tree, Mapping):
        inner = next((key for key in _WRAPPERS if _has_tensors(tree.get(key))), None)
        if inner is None:
            break
        under.append(repr(inner))
        tree = tree[inner]
    tensors = {
        str(key): value for key, value in (tree.items() if isinstance(tree, Mapping) else ()) if _is_tensor(value)
    }
    if not tensors:
        there = a_few([str(key) for key in tree]) if isinstance(tree, Mapping) else type(tree).__name__
        raise UsageError(
            f"{path} holds no tensors by name: {there}",
            legal=f"a state_dict, also under {', '.join(map(repr, _WRAPPERS))}",
            remedy="where it was made, write torch.save(model.state_dict(), path)",
        )
    return tensors, path.name, tuple(under)


def _has_tensors(tree: object) -> bool:
    return isinstance(tree, Mapping) and any(_is_tensor(value) or _has_tensors(value) for value in tree.values())


def _is_tensor(value: object) -> bool:
    return isinstance(value, torch.Tensor)


def _best_named(weights: Mapping[str, Any], mine: Mapping[str, Any]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """The weights under the names that fit most of the model's, and which beginnings were taken off for that."""
    best: tuple[Mapping[str, Any], tuple[str, ...]] = (weights, ())
    most = _fits(weights, mine)
    for count in range(1, len(_PREFIXES) + 1):
        for prefixes in permutations(_PREFIXES, count):
            named = _without(weights, prefixes)
            if len(named) == len(weights) and (fits := _fits(named, mine)) > most:
                most, best = fits, (named, prefixes)
    return best


def _without(weights: Mapping[str, Any], prefixes: tuple[str, ...]) -> Mapping[str, Any]:
    for prefix in prefixes:
        weights = {name.removeprefix(prefix): tensor for name, tensor in weights.items()}
    return weights


def _fits(weights: Mapping[str, Any], mine: Mapping[str, Any]) -> int:
    return sum(_alike(tensor, mine.get(name)) for name, tensor in weights.items())


def _alike(theirs: object, mine: object) -> bool:
    """Whether one can take the other's place: tensors of one shape, or what a module keeps beside its tensors."""
    if isinstance(theirs, torch.Tensor) and isinstance(mine, torch.Tensor):
        return theirs.shape == mine.shape
    return mine is not None and not (isinstance(theirs, torch.Tensor) or isinstance(mine, torch.Tensor))
