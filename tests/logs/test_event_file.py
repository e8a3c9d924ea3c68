import math
import subprocess
import sys

import numpy as np
import pytest
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.util.tensor_util import make_tensor_proto

from kilter.logs.event_file import read_event_file
from kilter.logs.records import framed
from kilter.values.errors import DataError


@pytest.fixture
def read(tmp_path):
    def write(*events, tail=b""):
        path = tmp_path / "events.out.tfevents.1"
        path.write_bytes(b"".join(framed(event.SerializeToString()) for event in events) + tail)
        return read_event_file(path)

    return write


def old(step, **values):
    return Event(step=step, summary=Summary(value=[Summary.Value(tag=k, simple_value=v) for k, v in values.items()]))


def new(step, **tensors):
    values = [Summary.Value(tag=tag, tensor=make_tensor_proto(tensor)) for tag, tensor in tensors.items()]
    return Event(step=step, summary=Summary(value=values))


def test_scalars_of_the_old_form(read):
    file = read(Event(file_version="brain.Event:2"), old(1, a=0.5, b=2.0), old(2, a=math.inf))

    assert file.points == {"a": [(1, 0.5), (2, math.inf)], "b": [(1, 2.0)]}
    assert (file.start, file.notes) == (None, ())


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.int32, np.int64, np.uint8])
@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_scalars_of_the_new_form(read, kind, shape):
    assert read(new(3, a=np.full(shape, 2.5, kind))).points == {"a": [(3, float(kind(2.5)))]}


def test_a_number_of_double_precision_stays_as_it_is(read):
    assert read(new(3, a=np.float64(1 / 3))).points == {"a": [(3, 1 / 3)]}


def test_a_tensor_whose_bytes_are_its_content(read):
    tensor = TensorProto(dtype=1, tensor_content=np.float32(0.25).tobytes())

    assert read(Event(step=1, summary=Summary(value=[Summary.Value(tag="a", tensor=tensor)]))).points["a"] == [
        (1, 0.25)
    ]


@pytest.mark.parametrize(
    "value",
    [
        Summary.Value(tag="a", tensor=make_tensor_proto("a text")),
        Summary.Value(tag="a", tensor=make_tensor_proto(np.zeros((5, 3)))),
        Summary.Value(tag="a", tensor=make_tensor_proto(np.zeros((0,)))),
        Summary.Value(tag="a", tensor=make_tensor_proto(True)),
        Summary.Value(tag="a", tensor=TensorProto(dtype=1)),
        Summary.Value(tag="a", tensor=TensorProto(dtype=20)),
        Summary.Value(tag="a", tensor=TensorProto(dtype=99)),
        Summary.Value(tag="a", image=Summary.Image(height=1, width=1)),
        Summary.Value(tag="a"),
    ],
)
def test_what_is_no_number_is_passed_over(read, value):
    assert read(Event(step=1, summary=Summary(value=[value])), old(2, b=1.0)).points == {"b": [(2, 1.0)]}


def test_a_start_of_a_session_is_told(read):
    assert read(old(1, a=1.0), Event(step=7, session_log=SessionLog(status=SessionLog.START))).start == 7
    assert read(old(1, a=1.0), Event(step=7, session_log=SessionLog(status=SessionLog.STOP))).start is None


def test_what_is_cut_short_or_damaged_is_left_out_and_said(read):
    file = read(old(1, a=1.0), tail=framed(b"\xff\xff\xff") + framed(b"whole")[:-2])

    assert file.points == {"a": [(1, 1.0)]}
    assert file.notes == (
        "1 damaged records of events.out.tfevents.1 are left out.",
        "The last 19 bytes of events.out.tfevents.1 are no whole record and are left out.",
    )


def test_a_file_that_was_only_opened_has_no_points(read):
    assert read().points == {}


def test_what_is_no_event_file_is_said(tmp_path):
    (tmp_path / "x").write_text("step,loss\n1,2\n", "utf-8")

    with pytest.raises(DataError, match="does not begin with a sound record"):
        read_event_file(tmp_path / "x")
    with pytest.raises(DataError, match="No such file"):
        read_event_file(tmp_path / "y")


def test_reading_needs_no_torch(read, tmp_path):
    read(old(1, a=1.0), new(2, a=np.float32(1)))
    code = (
        "import sys, pathlib; from kilter.logs.event_file import read_event_file\n"
        f"read_event_file(pathlib.Path({str(tmp_path / 'events.out.tfevents.1')!r}))\n"
        "print({'torch', 'tensorflow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"
