import math

import pytest

from kilter.tracking.samples_jsonl import SamplesLog, go_back, read_samples
from kilter.training.events import Evaluated, StepDone
from kilter.values.errors import DataError
from kilter.values.history import History
from kilter.values.sample import Sample, Sampled


@pytest.fixture
def path(tmp_path):
    return tmp_path / "samples.jsonl"


def sampled(step):
    samples = (
        Sample(id="a", inputs="Wie?\u2028 \U0001f642", target="1", decided=str(step), cost=0.5, confidence=0.25),
        Sample(id="b", inputs="x", target="1", decided="2", cost=math.inf),
    )
    return Sampled(step=step, samples=samples)


def write(path, *steps):
    log = SamplesLog(path)
    for step in steps:
        log.see(Evaluated(step, 0, "valid", {"loss": 1.0}, sampled(step).samples), History())
    log.flush()
    log.close()


def test_what_evaluations_show_is_read_back(path):
    write(path, 0, 5)
    write(path, 10)
    assert read_samples(path) == (sampled(0), sampled(5), sampled(10))


def test_there_is_no_file_where_nothing_is_shown(path):
    log = SamplesLog(path)
    log.see(Evaluated(1, 0, "valid", {"loss": 1.0}), History())
    log.see(StepDone(1, 0, 1.0, 1.0, 1.0), History())
    log.flush()
    log.close()
    assert not path.exists()
    assert read_samples(path) == ()
    assert go_back(path, 5) == ()
    assert not path.exists()


def test_it_is_on_disk_at_once(path):
    log = SamplesLog(path)
    log.see(Evaluated(0, 0, "valid", {"loss": 1.0}, sampled(0).samples), History())
    assert read_samples(path) == (sampled(0),)
    log.close()


def test_a_line_that_was_cut_short_is_left_out(path):
    write(path, 0, 5)
    whole = path.read_bytes()
    path.write_bytes(whole[:-7])
    assert read_samples(path) == (sampled(0),)
    path.write_bytes(whole[:-1])  # without its line end nobody knows whether it is whole
    assert read_samples(path) == (sampled(0),)


def test_a_resumed_training_shows_on_from_its_checkpoint(path):
    write(path, 0, 5, 10)
    path.write_bytes(path.read_bytes()[:-3])
    assert go_back(path, 5) == (sampled(0), sampled(5))
    write(path, 8)
    assert [each.step for each in read_samples(path)] == [0, 5, 8]
    assert go_back(path, -1) == ()
    assert read_samples(path) == ()


@pytest.mark.parametrize("text", ['{"step": 1}\n', "nonsense\n", "[]\n"])
def test_other_lines_are_said(path, text):
    path.write_text(text, "utf-8")
    with pytest.raises(DataError, match=r"samples\.jsonl is broken"):
        read_samples(path)
