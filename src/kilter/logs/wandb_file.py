"""W&B's offline file: records in blocks, as LevelDB writes its log, each a protobuf message. It needs no wandb."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, final

from kilter.values.errors import DataError

HEADER: Final = b":W&B\xe1\xbe\x00"
"""Four letters, a magic number and the format's version, 0."""
BLOCK: Final = 32768
"""Bytes (LevelDB, doc/log_format.md). No chunk reaches over the end of a block."""
_CHUNK: Final = struct.Struct("<IHB")
_WHOLE, _FIRST, _LAST = 1, 2, 4

# What is read of wandb's `wandb_internal.proto`: number, name and type of each field; whatever else stands in a file is
# passed over. The numbers of types are those of protobuf's `descriptor.proto`.
_DOUBLE, _INT64, _STRING, _MESSAGE, _SINT64 = 1, 3, 9, 11, 18
_MESSAGES: Final[dict[str, tuple[tuple[int, str, int | str], ...]]] = {
    "Record": ((2, "history", "History"), (12, "metric", "Metric"), (17, "run", "Run")),
    "History": ((1, "item", "Item"), (2, "step", "Step")),
    "Item": (
        (1, "key", _STRING),
        (2, "nested_key", _STRING),
        (5, "integer", _SINT64),
        (6, "number", _DOUBLE),
        (16, "value_json", _STRING),
    ),
    "Step": ((1, "num", _INT64),),
    "Metric": ((1, "name", _STRING), (2, "glob_name", _STRING), (4, "step_metric", _STRING)),
    "Run": ((1, "run_id", _STRING), (8, "display_name", _STRING)),
}
_REPEATED: Final = frozenset({"item", "nested_key"})


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WandbFile:
    """What one offline run says.

    Attributes:
        run: its id.
        name: as it is shown; empty where it was given none.
        rows: W&B's own step and the numbers logged at it, parts of a nested name joined by a dot.
        steps: by the name or pattern of metrics, the metric that the run names as their step.
        notes: what was left out, a sentence each.
    """

    run: str
    name: str
    rows: tuple[tuple[int, dict[str, float]], ...]
    steps: Mapping[str, str]
    notes: tuple[str, ...] = ()


def read_wandb_file(path: Path) -> WandbFile:
    """The run of a file `run-*.wandb`.

    The run may still go on or have been killed: a record that was cut short is left out and said, and so is one whose
    checksum does not hold.

    Raises:
        DataError: the file cannot be read, or is none of W&B's.
    """
    from google.protobuf.message import DecodeError

    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}", legal="a file run-*.wandb of W&B") from None
    if not content.startswith(HEADER):
        raise DataError(
            f"{path} does not begin as W&B's files do",
            legal="a file run-*.wandb of version 0",
            remedy="name the folder wandb/, a run's folder in it, or the file run-*.wandb",
        )
    records, damaged, rest = _records(content)
    record_of = _record_class().FromString
    run, name = "", ""
    rows: list[tuple[int, dict[str, float]]] = []
    steps: dict[str, str] = {}
    for data in records:
        try:
            record = record_of(data)
        except DecodeError:
            damaged += 1
            continue
        if record.HasField("history"):
            rows.append(_row(record.history))
        elif record.HasField("run"):
            run, name = record.run.run_id, record.run.display_name
        elif record.HasField("metric") and record.metric.step_metric:
            steps[record.metric.name or record.metric.glob_name] = record.metric.step_metric
    notes = [f"{damaged} damaged records of {path.name} are left out."] if damaged else []
    if rest:
        notes.append(f"The last {rest} bytes of {path.name} are no whole record and are left out.")
    own = run or path.stem.removeprefix("run-")
    return WandbFile(run=own, name=name, rows=tuple(rows), steps=steps, notes=tuple(notes))


def _records(content: bytes) -> tuple[list[bytes], int, int]:
    """Whole records, how many were damaged, and the bytes of one that was cut short."""
    records: list[bytes] = []
    parts: list[bytes] = []
    damaged = 0
    at = begun = len(HEADER)
    while at < len(content):
        left = BLOCK - at % BLOCK
        if left < _CHUNK.size:
            at += left
            continue
        if at + _CHUNK.size > len(content):
            break
        check, length, kind = _CHUNK.unpack_from(content, at)
        end = at + _CHUNK.size + length
        if _CHUNK.size + length <= left and end > len(content):
            break
        # The checksum is of the kind and the data.
        if end > at + left or check != zlib.crc32(content[at + _CHUNK.size - 1 : end]):
            damaged += 1
            parts = []
            at += left  # where the next chunk stands can be told from blocks alone
            continue
        if kind in (_WHOLE, _FIRST):
            parts, begun = [], at
        elif not parts:  # of a record whose beginning was damaged
            at = end
            continue
        parts.append(content[at + _CHUNK.size : end])
        if kind in (_WHOLE, _LAST):
            records.append(b"".join(parts))
            parts = []
        at = end
    return records, damaged, len(content) - (begun if parts else at) if at < len(content) or parts else 0


def _row(history: Any) -> tuple[int, dict[str, float]]:
    values: dict[str, float] = {}
    objects: list[str] = []
    for item in history.item:
        parts = item.nested_key
        name = item.key or (parts[0] if len(parts) == 1 else ".".join(parts))
        text = item.value_json
        try:
            values[name] = float(text)
        except ValueError:
            if text:
                _add(name, text, values, objects)
            elif item.HasField("number"):
                values[name] = item.number
            elif item.HasField("integer"):
                values[name] = float(item.integer)
    for of in objects:  # a picture's width is no curve
        values = {name: value for name, value in values.items() if not name.startswith(of)}
    counted = values.pop("_step", 0.0)
    values.pop("_timestamp", None)
    return (history.step.num if history.HasField("step") else int(counted)), values


def _add(name: str, text: str, values: dict[str, float], objects: list[str]) -> None:
    """Words, truth values and lists are no numbers; what has a `_type` is a picture, a table."""
    if name.endswith("._type"):
        objects.append(name.removesuffix("_type"))
    elif text.startswith("{"):
        _flatten(name, json.loads(text), values)


def _flatten(name: str, value: object, values: dict[str, float]) -> None:
    if isinstance(value, dict) and "_type" not in value:
        for part, inner in value.items():
            _flatten(f"{name}.{part}", inner, values)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        values[name] = float(value)


@cache
def _record_class() -> Any:
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
    from google.protobuf.descriptor_pool import DescriptorPool
    from google.protobuf.message_factory import GetMessageClass

    file = FileDescriptorProto(name="kilter/wandb.proto", package="wandb", syntax="proto2")
    for message, fields in _MESSAGES.items():
        described = file.message_type.add(name=message)
        for number, name, kind in fields:
            label = FieldDescriptorProto.LABEL_REPEATED if name in _REPEATED else FieldDescriptorProto.LABEL_OPTIONAL
            field = described.field.add(name=name, number=number, label=label)
            if isinstance(kind, str):
                field.type, field.type_name = _MESSAGE, f".wandb.{kind}"
            else:
                field.type = kind
    pool = DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return GetMessageClass(pool.FindMessageTypeByName("wandb.Record"))
