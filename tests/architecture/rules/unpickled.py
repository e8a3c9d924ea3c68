"""Nothing is pickled and kept, and nothing is loaded that could run code."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from rules.source import Breach, Source

MODULES = {
    "pickle": "pickles run code when they are read; write JSON or safetensors",
    "cloudpickle": "pickles run code when they are read; write JSON or safetensors",
    "dill": "pickles run code when they are read; write JSON or safetensors",
    "shelve": "a shelf is pickled; write JSON",
    "marshal": "marshal is for Python's own files; write JSON",
    "yaml": "PyYAML reads 1e-4 as a string and can build objects; use ruamel.yaml",
}
HANDED_OVER = frozenset({("kilter/finders/nursery.py", "cloudpickle"), ("kilter/finders/child.py", "cloudpickle")})
"""What a process hands to a child of its own over a pipe, and nobody keeps."""
CALLS = {
    "torch.save": "it writes a pickle; use safetensors",
    "joblib.dump": "it writes a pickle; use JSON or safetensors",
    "joblib.load": "it reads a pickle; use JSON or safetensors",
}


def breaches(sources: Iterable[Source]) -> Iterator[Breach]:
    """Pickling modules, pickling calls, and loading without its guard."""
    for source in sources:
        for node in ast.walk(source.tree):
            for reason in _reasons(node):
                if (source.path, reason.partition(":")[0]) not in HANDED_OVER:
                    yield Breach(source.path, getattr(node, "lineno", 1), reason)


def _reasons(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            for alias in names:
                yield from _module(alias.name)
        case ast.ImportFrom(module=str(module), names=names, level=0):
            yield from _module(module)
            for alias in names:
                yield from _call(f"{module}.{alias.name}", guarded=False)
        case ast.Call(func=function, keywords=keywords):
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in keywords}
            yield from _call(ast.unparse(function), guarded=given.get("weights_only") == "True")
            if given.get("allow_pickle", "False") != "False":
                yield "allow_pickle lets an array file run code"
            if given.get("typ") in {"'unsafe'", '"unsafe"'}:
                yield "an unsafe YAML reader builds objects"


def _module(name: str) -> Iterator[str]:
    root = name.split(".", maxsplit=1)[0]
    if root in MODULES:
        yield f"{root}: {MODULES[root]}"


def _call(name: str, *, guarded: bool) -> Iterator[str]:
    if name in CALLS:
        yield f"{name}: {CALLS[name]}"
    if name == "torch.load" and not guarded:
        yield "torch.load without weights_only=True runs code"
