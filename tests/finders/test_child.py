"""What the process does that children are forked from, driven over a pipe from a thread."""

import io
import json
import threading
from multiprocessing import Pipe

import cloudpickle
import pytest
import torch

from kilter.finders import child
from kilter.finders.survey import surveyed
from kilter.testing.healthy.pipelines import over_numbers

ASKED = {
    "act": "kilter.finders.survey:surveyed",
    "arguments": {"seed": 0},
    "threads": 1,
    "doing": "looking",
    "limit": None,
    "counts": "resident memory",
    "seconds": None,
}


@pytest.fixture
def started(monkeypatch):
    threads = []

    def start(packed, *, forking):
        monkeypatch.setattr(child.sys, "path", list(child.sys.path))
        here, there = Pipe()
        thread = threading.Thread(target=child.main, args=(there, io.BytesIO(packed)), kwargs={"forking": forking})
        thread.start()
        threads.append((thread, here))
        here.send_bytes(json.dumps({"path": child.sys.path, "dtype": "float32"}).encode())
        return here

    yield start
    for thread, here in threads:
        here.close()
        thread.join(60)
        assert not thread.is_alive()


def ask(here, **otherwise):
    here.send_bytes(json.dumps(ASKED | otherwise).encode())
    return json.loads(here.recv_bytes())


def test_an_act_is_named_by_its_module():
    assert child.named(surveyed) == ASKED["act"]


def test_it_forks_for_each_that_is_asked(started):
    here = started(cloudpickle.dumps(over_numbers()), forking=True)

    assert json.loads(here.recv_bytes())["holds"]["resident memory"] > 0
    for _ in range(2):
        answer, ran_out, _ = ask(here)["ended"]
        assert (answer["rows"], ran_out) == (96, "")


def test_errors_come_as_they_are(started):
    here = started(cloudpickle.dumps("no pipeline"), forking=True)
    here.recv_bytes()

    assert ask(here)["kilter"] == "TrainingError"


def test_where_it_does_not_fork_it_does_it_itself_once(started):
    threads = torch.get_num_threads()
    here = started(cloudpickle.dumps(over_numbers()), forking=False)
    here.recv_bytes()

    assert ask(here, threads=threads)["answer"]["rows"] == 96


def test_what_cannot_be_loaded_is_said(started):
    here = started(b"no pickle", forking=True)

    assert "unloadable" in json.loads(here.recv_bytes())
