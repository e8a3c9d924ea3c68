"""Time that goes into waiting for batches."""

import time

from kilter.checks.program.batches.waiting import WaitingForBatches


class Slow:
    """A loader that takes its time."""

    def __init__(self, batches):
        self.batches = batches

    def __iter__(self):
        for batch in self.batches:
            time.sleep(0.05)
            yield batch


def test_a_slow_loader_is_a_note_and_a_quick_one_is_not(make, look, sets):
    x, y, *valid = sets["digits"]()
    batches = [(x[at : at + 32], y[at : at + 32]) for at in range(0, 96, 32)]
    alarms, notes = look(WaitingForBatches(share=0.1), make((x,), loaders=lambda: (Slow(batches), [tuple(valid)])))
    assert not alarms
    assert notes[0].causes == ("input_bound",)
    assert look(WaitingForBatches(), make((x, y, *valid))) == ([], [])
