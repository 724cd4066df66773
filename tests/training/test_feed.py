import threading

import pytest
import torch
from training_jobs import data, engine

from genloom.errors import DataError, InputError
from genloom.training.feed import Feed, Order

CPU = torch.device("cpu")


def test_an_epoch_is_a_permutation_and_the_next_one_another():
    order = Order(48, engine(batch_size=16))
    first, second = (torch.cat([order.indices(3 * epoch + i)[0] for i in range(3)]) for epoch in (0, 1))
    assert order.steps_per_epoch == 3
    assert sorted(first.tolist()) == sorted(second.tolist()) == list(range(48))
    assert first.tolist() != second.tolist()


def test_order_depends_on_seed_and_step_alone():
    late = Order(48, engine())
    early = Order(48, engine())
    early.indices(40)
    assert early.indices(7)[0].tolist() == late.indices(7)[0].tolist()
    assert Order(48, engine(seed=1)).indices(7)[0].tolist() != late.indices(7)[0].tolist()


@pytest.mark.parametrize("batch_size", [16, 0, 100])
def test_ranks_and_micro_batches_are_slices_of_the_global_batch(batch_size):
    whole = Order(48, engine(batch_size=batch_size)).indices(5)[0]
    parts = [Order(48, engine(batch_size=batch_size, accumulate=2), rank, 2).indices(5) for rank in range(2)]
    joined = torch.cat([parts[rank][micro] for micro in range(2) for rank in range(2)])
    assert joined.tolist() == whole.tolist()
    assert len({len(piece) for part in parts for piece in part}) == 1


def test_an_indivisible_batch_names_the_numbers_and_a_remedy():
    with pytest.raises(InputError, match=r"batch_size = 15: must be a multiple of 4 .* pass --engine.batch-size 12"):
        Order(48, engine(batch_size=15, accumulate=2), 0, 2)
    with pytest.raises(DataError):
        Order(0, engine())


def test_all_of_the_data_is_fetched_once():
    calls = []

    class Counting:
        def __len__(self):
            return 48

        def batch(self, indices):
            calls.append(len(indices))
            return data().batch(indices)

    feed = Feed(Counting(), Order(48, engine(batch_size=0)), 0, CPU)
    assert feed.batches(0) is not None
    assert feed.batches(1) is feed.batches(2)
    assert calls == [48]


@pytest.mark.parametrize("workers", [1, 3])
def test_threads_bring_the_same_batches(workers):
    plain = Feed(data(), Order(48, engine(accumulate=2)), 0, CPU)
    ahead = Feed(data(), Order(48, engine(accumulate=2)), workers, CPU)
    for step in [3, 4, 5, 6, 9, 10, 2]:  # also where it jumps
        for a, b in zip(plain.batches(step), ahead.batches(step), strict=True):
            assert torch.equal(a["x"], b["x"])
    ahead.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("ThreadPool")]
