from kilter.values.batch_suggestion import BatchSuggestion, Budget, Counted, SizeProbe

MIB = 2**20
BUDGET = Budget(bytes=100 * MIB, counts=Counted.RESIDENT, source="the machine", kept_back=0.1)
SMALL = SizeProbe(size=8, peak=20 * MIB, fits=True, said="it fits", steps=2)
LARGE = SizeProbe(size=64, peak=90 * MIB, fits=True, said="it fits", steps=2)
KILLED = SizeProbe(size=80, peak=None, fits=False, said="killed by SIGKILL", steps=2)


def suggestion(**options):
    probes = (SMALL, KILLED, LARGE)
    return BatchSuggestion(
        **{"size": 32, "largest": 64, "bounded_by": "memory", "budget": BUDGET, "probes": probes} | options
    )


def test_it_says_its_size_and_what_speaks_for_it():
    assert str(suggestion()) == ("batch size 32; the largest that fits is 64 (90 MiB of 100): memory allows no more")
    assert str(suggestion(accumulate=4, bounded_by="data")) == (
        "batch size 32, 4 batches a step; the largest that fits is 64 (90 MiB of 100): the whole split"
    )
    assert str(suggestion(bounded_by="asked", largest=65)).endswith("is 65: as many as were asked for")


def test_steps_are_those_of_all_probes():
    assert suggestion().steps == 6
