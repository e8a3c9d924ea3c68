"""The protocol's promises are tested where sources are made; here, that what is made fulfils it."""

import inspect

from kilter.data.encoded import EncodedSource
from kilter.values.source import Source


def members(kind):
    return {name for name in vars(kind) if not name.startswith("_")} | {"__len__"}


def test_an_encoded_split_is_a_source():
    assert [name for name in members(Source) if not hasattr(EncodedSource, name)] == []
    for name in ("plan", "sweep", "batched", "batch", "plain", "example"):
        promised = inspect.signature(getattr(Source, name)).parameters
        given = inspect.signature(getattr(EncodedSource, name)).parameters
        assert [(p.name, p.kind) for p in given.values()] == [(p.name, p.kind) for p in promised.values()]
