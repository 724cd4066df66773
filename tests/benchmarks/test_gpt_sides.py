"""All sides begin with the same network, see the same batches, learn the same and write the same."""

import math

import pytest
import torch

from genloom.benchmarks import gpt_sides
from genloom.benchmarks.gpt import Setting, Task

TINY = Task(setting=Setting(), context=16, prompt=3, written=6)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("VOCABULARY", 40), ("WIDTH", 16), ("BLOCKS", 2), ("HEADS", 2), ("BATCH", 4), ("CONTEXT", 16),
                        ("WARM", 1), ("TIMED", 4), ("LAST", 2), ("ROUNDS", 1)):
        monkeypatch.setattr(gpt_sides, name, value)


def needed(side: str) -> None:
    if side.endswith("transformers"):
        pytest.importorskip("transformers")


@pytest.mark.parametrize("side", ["train-transformers", "train-layers"])
def test_the_peers_learn_what_genloom_learns(side: str) -> None:
    needed(side)
    ours, theirs = gpt_sides.train_genloom(TINY), gpt_sides.SIDES[side](TINY)
    assert ours["losses"] == pytest.approx(theirs["losses"], abs=1e-4)
    assert len(ours["losses"]) == 6
    assert ours["losses"][-1] < ours["losses"][0], "and it learns"
    assert ours["loss"] == pytest.approx(sum(ours["losses"][3:5]) / 2)


@pytest.mark.parametrize("side", ["train-genloom", "train-transformers", "train-layers"])
@pytest.mark.parametrize("setting", [Setting(bf16=True, fused=True, allocator=True), Setting(attention="eager")])
def test_every_side_trains_in_every_setting(side: str, setting: Setting) -> None:
    needed(side)
    answer = gpt_sides.SIDES[side](Task(setting=setting, context=16, dropout=0.1))
    assert answer["rate"] == pytest.approx(64 / answer["seconds"])
    assert answer["memory_mb"] > 50
    assert abs(answer["loss"] - math.log(40)) < 0.5, "little is learned in a few steps"
    assert answer["entropy"] < answer["loss"]


def test_both_write_the_same_text() -> None:
    needed("write-transformers")
    ours, theirs = gpt_sides.write_genloom(TINY), gpt_sides.write_transformers(TINY)
    assert ours["written"] == theirs["written"]
    assert len(set(ours["written"])) > 1
    assert ours["seconds"] > ours["marginal"] >= 0
    assert ours["written"] == gpt_sides.write_genloom(Task(**{**vars(TINY), "cached": False}))["written"]


def test_batches_have_as_many_tokens_at_every_context() -> None:
    for context in (8, 16, 32):
        task = Task(setting=Setting(), context=context)
        assert gpt_sides.options(task)[1].batch_size * context == 64
        assert len(gpt_sides.source(task)) == 64 // context * 6


def test_targets_follow_their_tokens() -> None:
    batch = gpt_sides.source(TINY).batch(torch.arange(2))
    assert torch.equal(batch["x"][0, 1:], batch["y"][0, :-1])
    assert batch["y"][0, -1] == batch["x"][1, 0]


def test_the_entropy_is_the_chain_s_own() -> None:
    tokens = gpt_sides.chain(40_000)
    pairs = torch.zeros(40, 40).index_put_((tokens[:-1], tokens[1:]), torch.ones(39_999), accumulate=True)
    law = pairs / pairs.sum(1, keepdim=True)
    found = -(pairs.sum(1) / 39_999 * torch.special.xlogy(law, law).sum(1)).sum()
    assert float(found) == pytest.approx(gpt_sides.entropy(), abs=0.05)
