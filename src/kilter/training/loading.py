"""Batches for the legs of an itinerary, made here or by worker processes; the same either way."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, NamedTuple, final

import torch
from torch.utils.data import DataLoader, Dataset

from kilter.training.itinerary import Leg
from kilter.values.errors import TrainingError

if TYPE_CHECKING:
    from kilter.values.batch import Batch
    from kilter.values.source import Source

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


class Loaded(NamedTuple):
    """A leg and its batches."""

    leg: Leg
    window: tuple[Batch, ...]


def load(source: Source, legs: Iterable[Leg], *, seed: int, workers: int) -> Generator[Loaded, None, None]:
    """The batches of each leg, in order. A batch is a function of (rows, seed, epoch), so workers change nothing."""
    if workers == 0:
        for leg in legs:
            yield Loaded(leg, tuple(source.batch(rows, seed=seed, epoch=leg.epoch) for rows in leg.window))
    else:
        yield from _load_by_workers(source, legs, seed, workers)


def _load_by_workers(source: Source, legs: Iterable[Leg], seed: int, workers: int) -> Iterator[Loaded]:
    loader: DataLoader[Loaded] = DataLoader(
        _Legs(source, seed),
        sampler=_Order(legs),
        batch_size=None,
        num_workers=workers,
        worker_init_fn=_leave_interrupts_to_the_parent,
        generator=torch.Generator().manual_seed(seed),  # else the loader draws from the global random state
        collate_fn=_as_it_is,  # type: ignore[arg-type]  # without batching it gets one item
    )
    with _signals_held():
        batches = iter(loader)
    try:
        yield from batches
    except (OSError, EOFError) as error:  # the rest of a batch whose maker is gone cannot be fetched
        sentinels = [worker.sentinel for worker in batches._workers]  # type: ignore[attr-defined]  # noqa: SLF001
        if not wait(sentinels, timeout=1.0):
            raise
        raise _bereaved(error) from error
    finally:
        # Not left to the garbage collector: a traceback that somebody keeps would keep the workers, and torch raises
        # at every signal of a child for as long as it knows of a dead one.
        with suppress(RuntimeError), _signals_held():
            batches._shutdown_workers()  # type: ignore[attr-defined]  # noqa: SLF001 - there is no public way


@contextmanager
def workers_answered_for() -> Iterator[None]:
    """Inside, a worker process that dies ends the training with an error of ours; torch may say so anywhere.

    Raises:
        TrainingError: a worker died.
    """
    try:
        yield
    except RuntimeError as error:
        if not str(error).startswith("DataLoader worker"):
            raise
        raise _bereaved(error) from error


def _bereaved(error: Exception) -> TrainingError:
    return TrainingError(
        f"a process that prepares batches has died: {error}",
        legal="what was saved before is untouched",
        remedy="free memory or set batch.workers lower, then go on with `kilter train --resume`",
    )


@final
class _Legs(Dataset["Loaded"]):
    def __init__(self, source: Source, seed: int) -> None:
        self._source = source
        self._seed = seed

    def __getitem__(self, leg: Leg) -> Loaded:
        windows = (self._source.batch(rows, seed=self._seed, epoch=leg.epoch) for rows in leg.window)
        return Loaded(leg, tuple(windows))


@final
class _Order:
    """An iterable of keys that the loader reads as it goes, so that an endless run is no endless list."""

    def __init__(self, legs: Iterable[Leg]) -> None:
        self._legs = legs

    def __iter__(self) -> Iterator[Leg]:
        return iter(self._legs)


@contextmanager
def _signals_held() -> Iterator[None]:
    """Inside, interrupts wait: torch's iterator cannot bear to be half made or half shut, nor a worker to be half set.

    Handlers wait and not a mask, which binds one thread alone. Another thread than the main one receives none anyway.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {number: signal.signal(number, lambda number, _: came.append(number)) for number in _INTERRUPTS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)  # None: set outside Python
        for each in came:
            signal.raise_signal(each)


def _leave_interrupts_to_the_parent(_worker: int) -> None:
    # Ctrl-C, `timeout` and schedulers signal the whole group; the parent finishes its step, and needs batches for it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # from the parent alone, to end what does not end


def _as_it_is(loaded: Loaded) -> Loaded:
    return loaded
