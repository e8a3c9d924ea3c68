import signal
import threading

import pytest

from kilter.training.interruption import interruptible, terminable


def ctrl_c(number=signal.SIGINT):
    signal.raise_signal(number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_is_a_request(number):
    with interruptible() as request:
        assert request.stop() is None
        ctrl_c(number)
        assert request.stop().reason == f"interrupted by {number.name}"
        assert not request.stop().failed


def test_the_second_interrupts_at_once():
    with interruptible() as request:
        ctrl_c()
        assert request.stop() is not None
        with pytest.raises(KeyboardInterrupt):
            ctrl_c()


def test_afterwards_all_is_as_before():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    def fail():
        with interruptible():
            assert signal.getsignal(signal.SIGINT) is not before[0]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_request_to_end_is_an_interruption_where_nothing_waits_for_a_step():
    before = signal.getsignal(signal.SIGTERM)
    with terminable(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before
    with terminable(), interruptible() as request:  # inside, a training makes its step first
        signal.raise_signal(signal.SIGTERM)
        assert request.signal == "SIGTERM"


def test_outside_the_main_thread_nothing_is_received_and_nothing_breaks():
    said = []

    def run():
        with interruptible() as request:
            said.append(request.stop())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert said == [None]
