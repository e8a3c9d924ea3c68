"""What was seen of the first steps."""

import torch

from kilter.values.recording import Recording, SeenStep, Update


def test_all_updates_stand_in_order():
    def update(at):
        return Update(optimizer=at, gradients={}, before={}, after={}, groups=())

    def step(*updates):
        return SeenStep(
            epoch=0,
            batch=torch.zeros(1),
            random=None,
            before={},
            calls=(),
            losses=(),
            backwards=(),
            updates=updates,
            order=("update",) * len(updates),
            returned=1.0,
        )

    recording = Recording(
        steps=(step(), step(update(0), update(1)), step(update(2))),
        names=(),
        trainable=frozenset(),
        held=(),
        shapes={},
        after={},
    )
    assert [update.optimizer for update in recording.updates] == [0, 1, 2]
    assert recording.error is None
