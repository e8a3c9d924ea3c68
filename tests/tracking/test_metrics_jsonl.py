import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.logs.metrics_jsonl import read_log
from kilter.tracking.metrics_jsonl import MetricsLog, go_back
from kilter.values.history import History

ROWS = [(1, {"a": 0.1}), (1, {"b": 2.0}), (2, {"a": math.nan}), (3, {"a": -math.inf, "b": 1e-300})]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "metrics.jsonl"


def test_what_is_written_is_what_is_read(path):
    log = MetricsLog(path)
    log.write(ROWS[:2])
    log.write([])
    log.write(ROWS[2:])
    log.close()
    log.close()

    assert read_log(path).history == History.of(ROWS)
    assert path.read_text("utf-8").splitlines()[2] == '{"step": 2, "a": "nan"}'


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=20))
def test_numbers_come_back_to_the_last_bit(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("log") / "metrics.jsonl"
    log = MetricsLog(path)
    log.write((step, {"a": value}) for step, value in enumerate(values))
    log.close()

    assert read_log(path).history["a"].values.tolist() == values


def test_rows_are_there_before_anything_is_flushed(path):
    log = MetricsLog(path)
    log.write(ROWS[:1])

    assert read_log(path).history.last("a") == 0.1
    log.close()


def test_it_goes_on_where_a_file_ends(path):
    for row in ROWS[:2]:
        log = MetricsLog(path)
        log.write([row])
        log.close()

    assert len(read_log(path).history) == 2


def test_going_back_keeps_what_was_recorded_up_to_a_step(path):
    log = MetricsLog(path)
    log.write(ROWS)
    log.close()
    history = go_back(path, 1)

    assert list(history.rows()) == ROWS[:2]
    assert read_log(path).history == history


def test_going_back_drops_a_line_that_was_cut_short(path):
    path.write_text('{"step": 1, "a": 0.5}\n{"step": 2, "a": 0.', "utf-8")

    assert go_back(path, 5).step == 1
    assert path.read_text("utf-8") == '{"step": 1, "a": 0.5}\n'


def test_going_back_makes_the_file_of_a_run_that_begins(path):
    assert len(go_back(path, 0)) == 0
    assert path.read_text("utf-8") == ""
