"""TensorBoard's event file, of which the numbers are taken. Reading it needs no torch and no TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from kilter.logs.records import read_records
from kilter.values.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EventFile:
    """What one event file says.

    Attributes:
        name: of the file.
        points: steps and values by tag, in the order in which they were written.
        start: the step from which on the file takes the place of earlier ones; None where it does not say.
        notes: what was left out, a sentence each.
    """

    name: str
    points: dict[str, list[tuple[int, float]]]
    start: int | None = None
    notes: tuple[str, ...] = ()


def read_event_file(path: Path) -> EventFile:
    """The scalars of an event file, in the old form (`simple_value`) and in the new one (a tensor of one number).

    The training may still go on or have been killed: a record that was cut short is left out and said, and so is one
    whose checksum does not hold.

    Raises:
        DataError: the file cannot be read, or holds no record.
    """
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto.event_pb2 import Event, SessionLog

    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}", legal="an event file of TensorBoard") from None
    records = read_records(content)
    if content and not records.data:
        raise DataError(
            f"{path} does not begin with a sound record",
            legal="an event file that TensorBoard can show (events.out.tfevents.*)",
            remedy="name a file or a folder that `tensorboard --logdir` shows",
        )
    points: dict[str, list[tuple[int, float]]] = {}
    start: int | None = None
    damaged = records.damaged
    for record in records.data:
        try:
            event = Event.FromString(record)
        except DecodeError:
            damaged += 1
            continue
        step = event.step
        for value in event.summary.value:
            number = _number(value)
            if number is not None:
                points.setdefault(value.tag, []).append((step, number))
        if event.HasField("session_log") and event.session_log.status == SessionLog.START:
            start = event.step
    notes = [f"{damaged} damaged records of {path.name} are left out."] if damaged else []
    if records.rest:
        notes.append(f"The last {records.rest} bytes of {path.name} are no whole record and are left out.")
    return EventFile(name=path.name, points=points, start=start, notes=tuple(notes))


def _number(value: Any) -> float | None:
    """The number of a Summary.Value; None where it is a picture, a text, a histogram."""
    kind = value.WhichOneof("value")
    if kind == "simple_value":
        return float(value.simple_value)
    if kind != "tensor" or any(dimension.size != 1 for dimension in value.tensor.tensor_shape.dim):
        return None
    from tensorboard.util.tensor_util import make_ndarray

    try:
        array: NDArray[Any] = make_ndarray(value.tensor)
    except (KeyError, TypeError, ValueError):  # what numpy has no name for, and what is damaged
        return None
    return float(array.item()) if array.size == 1 and array.dtype.kind in "fiu" else None
