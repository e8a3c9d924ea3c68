import torch

from kilter.testing.trainee import main, make_pipeline
from kilter.tracking.fitting import CHECKPOINTS
from kilter.training.checkpoints import newest
from kilter.training.fit import plan


def test_it_has_all_that_makes_going_on_hard():
    pipeline = make_pipeline(workers=2)
    recipe, train = pipeline.recipe, pipeline.splits["train"]
    rows = next(plan(pipeline).legs()).window[0]
    assert recipe.batch.accumulate == 2
    assert recipe.batch.workers == 2
    assert recipe.stop.patience
    plain = train.plain(rows).inputs["numbers"]
    first, other = (train.batch(rows, seed=7, epoch=epoch).inputs["numbers"] for epoch in (0, 1))
    assert not torch.equal(plain, first)
    assert not torch.equal(first, other)
    model = pipeline.make_model().train()
    assert not torch.equal(model(plain), model(plain))
    assert dict(model.named_buffers())


def test_it_trains_goes_on_and_says_how_it_ended(tmp_path):
    threads = torch.get_num_threads()
    try:
        assert main([str(tmp_path), "--length", "7st"]) == 0
        assert newest(tmp_path / CHECKPOINTS).step == 7
        assert main([str(tmp_path), "--length", "9st"]) == 0
        assert newest(tmp_path / CHECKPOINTS).step == 9
        assert main([str(tmp_path / "other"), "--length", "1min"]) == 2  # its schedule needs to know its length
    finally:
        torch.set_num_threads(threads)
