from collections.abc import Iterator

import torch
from torch import nn

from genloom.rng import StepRng
from genloom.training.method import Batch, Networks, Update
from genloom.training.prepared import Prepared


class Squares:
    """Two losses of the batch's own numbers and of one draw."""

    def updates(self, networks: Networks, batch: Batch, rng: StepRng) -> Iterator[Update]:
        yield Update("first", batch["x"].sum() + rng.uniform((1,)).sum(), {"rows": float(len(batch["x"]))})
        yield Update("second", networks["net"](batch["x"]).sum())


def doubled(batch: Batch, rng: StepRng) -> Batch:
    return {"x": 2 * batch["x"] + rng.uniform((1,))}


def test_the_method_sees_the_prepared_batch_and_all_its_updates_come_through() -> None:
    net = nn.Linear(1, 1)
    batch = {"x": torch.tensor([[1.0], [2.0]])}
    updates = list(Prepared(Squares(), doubled).updates({"net": net}, batch, StepRng(0, 0)))
    rng = StepRng(0, 0)
    ready = doubled(batch, rng)
    expected = list(Squares().updates({"net": net}, ready, rng))
    assert [update.optimizer for update in updates] == ["first", "second"]
    assert [update.loss.item() for update in updates] == [update.loss.item() for update in expected]
    assert updates[0].metrics == {"rows": 2.0}
    assert torch.equal(batch["x"], torch.tensor([[1.0], [2.0]]))


def test_what_is_computed_after_an_update_sees_the_moved_weights() -> None:
    """The updates are handed on one by one, not gathered first."""
    net = nn.Linear(1, 1, bias=False)
    updates = Prepared(Squares(), lambda batch, _: batch).updates({"net": net}, {"x": torch.ones(1, 1)}, StepRng(0, 0))
    next(updates)
    nn.init.constant_(net.weight, 7.0)
    assert next(updates).loss.item() == 7.0


def test_preparing_happens_once_a_step() -> None:
    calls = []

    def count(batch: Batch, rng: StepRng) -> Batch:
        calls.append(rng)
        return batch

    list(Prepared(Squares(), count).updates({"net": nn.Linear(1, 1)}, {"x": torch.ones(1, 1)}, StepRng(0, 0)))
    assert len(calls) == 1
