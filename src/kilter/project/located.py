"""YAML text as plain data, with the place of every key: line and column, from 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias, final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from kilter.values.errors import Fault

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

Path: TypeAlias = tuple[str | int, ...]

_DEEPEST: Final = 20  # sections in sections
_MOST: Final = 100_000  # keys and items, aliases unfolded; an alias that holds itself has no end
_PLAIN: Final = {"null", "bool", "int", "float", "str", "seq", "map"}
_TAG: Final = "tag:yaml.org,2002:"
_BLOCK: Final = "while scanning a block scalar"  # as the reader of YAML calls what follows > or |
_QUOTE: Final = "a value that begins with > or | goes into quotes, such as '>= 0.9'"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """What a YAML text says, and where it says it.

    Attributes:
        name: the file's name, for messages.
        data: plain dictionaries, lists, strings and numbers; None where the text could not be read.
        places: path of keys to (line, column) of the key, or of the item in a list.
        faults: what is wrong with the text as YAML.
    """

    name: str
    data: object
    places: Mapping[Path, tuple[int, int]]
    faults: tuple[Fault, ...]

    def where(self, path: Path) -> str:
        """`file:line:column` of the key at a path, or of the nearest section around it that the text has."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                line, column = self.places[path[:length]]
                return f"{self.name}:{line}:{column}"
        return self.name


def read_yaml(text: str, name: str) -> Located:
    r"""Read YAML 1.2: `1e-4` is a number, `yes` is a word; keys given twice are faults, not overwritten.

    >>> located = read_yaml("train:\n  seed: 1\n  seed: 2\n", "kilter.yaml")
    >>> print(located.faults[0])
    kilter.yaml:3:3 train.seed: given twice, first at line 2; leave one of them out.
    """
    reader = _Reader(name)
    try:
        node = YAML(typ="safe", pure=True).compose(text)
        data = None if node is None else reader.read(node, ())
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        reader.fault(f"{name}:{line}", "a character that no text file has", "YAML is text in UTF-8")
        data = None
    except MarkedYAMLError as error:
        legal = "indentation, quotes, brackets and `key: value` must be YAML's"
        reader.fault(*_place_and_words(error, name), legal, _QUOTE if error.context == _BLOCK else "")
        data = None
    except (YAMLError, RecursionError, ValueError) as error:
        reader.fault(name, f"it cannot be read: {str(error).splitlines()[0]}", "plain YAML 1.2 is read")
        data = None
    return Located(name=name, data=data, places=reader.places, faults=tuple(reader.faults))


def read_scalar(text: str) -> object:
    """A value as YAML types it, for `--set key=value`.

    >>> [read_scalar(text) for text in ("1e-4", "10ep", "true", "[a, b]", "")]
    [0.0001, '10ep', True, ['a', 'b'], None]

    What begins with > or | is text, since one line holds no block.

    >>> read_scalar(">= 0.9")
    '>= 0.9'

    Raises:
        ValueError: it is no YAML.
    """
    if text.lstrip().startswith((">", "|")):
        return text.strip()
    located = read_yaml(text, "")
    if located.faults:
        raise ValueError(str(located.faults[0]).strip())
    return located.data


def _place_and_words(error: MarkedYAMLError, name: str) -> tuple[str, str]:
    mark = error.problem_mark or error.context_mark
    where = name if mark is None else f"{name}:{mark.line + 1}:{mark.column + 1}"
    return where, ", ".join(str(part) for part in (error.context, error.problem) if part)


class _Reader:
    """Walks composed nodes once; gathers places and faults on the way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.places: dict[Path, tuple[int, int]] = {}
        self.faults: list[Fault] = []
        self._read = 0
        self._constructor: Any = YAML(typ="safe", pure=True).constructor

    def fault(self, where: str, met: str, legal: str, remedy: str = "") -> None:
        self.faults.append(Fault(where=where, met=met, legal=legal, remedy=remedy))

    def read(self, node: Node, path: Path) -> object:
        self._read += 1
        if len(path) > _DEEPEST or self._read > _MOST:
            message = f"it unfolds to more than {_DEEPEST} levels or {_MOST} items"
            raise ValueError(message)
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        self.places.setdefault(path, (line, column))
        tag = str(node.tag)
        where = f"{self.name}:{line}:{column}"
        if tag.startswith(_TAG) and tag.removeprefix(_TAG) == "timestamp":
            return str(node.value)  # a date stays the text that it is
        if not tag.startswith(_TAG) or tag.removeprefix(_TAG) not in _PLAIN:
            self.fault(where, f"the tag {tag.replace(_TAG, '!!')!r}", "only plain YAML is read", "leave the tag out")
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.read(item, (*path, number)) for number, item in enumerate(node.value)]
        return self._scalar(node, where)

    def _scalar(self, node: Node, where: str) -> object:
        try:
            return self._constructor.construct_object(node)
        except (YAMLError, ValueError) as error:
            self.fault(where, f"{node.value!r}", f"it cannot be read: {str(error).splitlines()[0]}")
            return None

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, object]:
        data: dict[str, object] = {}
        for key, value in node.value:
            line, column = key.start_mark.line + 1, key.start_mark.column + 1
            where = f"{self.name}:{line}:{column}"
            if not isinstance(key, ScalarNode) or str(key.tag) == f"{_TAG}merge":
                self.fault(where, "a key that is no word", "keys are plain words", "write the keys out")
                continue
            word = str(key.value)
            inner = (*path, word)
            if word in data:
                dotted = ".".join(str(part) for part in inner)
                first = self.places[inner][0]
                self.fault(where, dotted, f"given twice, first at line {first}", "leave one of them out")
                continue
            self.places[inner] = (line, column)
            data[word] = self.read(value, inner)
        return data
