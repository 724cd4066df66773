"""Numbers of a forecaster's attention: what is planted is found, and replacing what is not used costs nothing."""

import math
from dataclasses import replace

import pytest
import torch
from forecaster_small import small, use_world, world

from genloom.errors import InputError
from genloom.forecasting.ablation import ABLATIONS
from genloom.forecasting.analysis import Attended
from genloom.forecasting.observation import PARTS, transformer_of
from genloom.recipes.build_forecaster import ForecasterExperiment
from genloom.recipes.forecaster import Network, Window
from genloom.recipes.judge_attention import Sight, follows, heads, losses, sight

TINY = Network(width=8, heads=2, hidden=8, layers=2, dropout=0.0)


@pytest.fixture(autouse=True)
def _world(monkeypatch: pytest.MonkeyPatch) -> None:
    use_world(monkeypatch, world(1000))


def built(network: Network = TINY) -> ForecasterExperiment:
    return small(network=network, window=Window(lookback=96, horizon=48, label=24))


def test_every_head_of_every_layer_has_numbers() -> None:
    experiment = built()
    seen = sight(experiment, {"forecaster": experiment.network}, count=3)
    found = heads(seen)
    layers = (("encoder", 1), ("encoder", 2), ("decoder", 1), ("cross", 1))
    assert [head[:3] for head in found] == [(*layer, number) for layer in layers for number in (1, 2)]
    for head in found:
        assert 0 < head.breadth <= 1 + 1e-9
        assert 0 <= head.last <= 1
        assert head.last_even == pytest.approx(0.25) or head.part == "decoder"
    assert seen.similar[0] == pytest.approx(1)
    assert seen.similar[24] > 0.5 > seen.similar[12]


def test_a_planted_look_at_the_same_hour_is_found() -> None:
    """Weights e^{1.5 [lag ≡ 0 mod 24]} next to ones that look at all alike."""
    rows = torch.arange(-96, 0)
    same = ((rows[:, None] - rows[None]) % 24 == 0).double()
    weights = torch.stack(((1.5 * same).softmax(1), torch.full((96, 96), 1 / 96).double()))
    layer = Attended(rows, rows, torch.ones(96, 96, dtype=torch.bool), weights, torch.ones(2, 24, 24).double() / 24,
                     torch.special.entr(weights).sum(2).mean(1), 1)
    wave = torch.cos(2 * torch.pi * torch.arange(96, dtype=torch.float64) / 24)
    planted, even = heads(Sight({"encoder": (layer,)}, wave, 24))
    assert planted.daily == pytest.approx(4.4817, rel=1e-3)
    assert planted.rank == pytest.approx(1 / 24)
    assert even.daily == pytest.approx(1)
    assert even.rank == pytest.approx(1)
    assert planted.agrees is not None
    assert planted.agrees.p < 0.1
    assert planted.agrees.correlation > 0.2


def test_following_leaves_out_the_step_itself() -> None:
    lags = torch.arange(-5, 6)
    similar = torch.tensor([1.0, 0.5, 0.4, 0.3, 0.2, 0.1])
    weight = similar[lags.abs()].clone()
    weight[5] = -100.0  # of lag 0
    assert follows(lags, weight, similar).correlation == pytest.approx(1)


def test_attention_that_values_do_not_pass_is_worth_nothing() -> None:
    experiment = built()
    network = transformer_of(experiment.network)
    with torch.no_grad():
        for layer in network.encoder:
            layer.attention.out.weight.zero_()  # type: ignore[union-attr,operator]
    found = losses(experiment, {"forecaster": experiment.network}, count=8)
    assert len(found) == 1 + 4 * len(ABLATIONS)
    by = {(loss.part, loss.by): loss for loss in found}
    for name in ABLATIONS:
        assert by["encoder", name].mse == pytest.approx(found[0].mse, abs=1e-7)
        assert by["cross", name].mse != pytest.approx(found[0].mse, abs=1e-7)


def test_an_autoregressive_decoder_is_left_as_it_is() -> None:
    experiment = built(replace(TINY, decoder="autoregressive"))
    found = losses(experiment, {"forecaster": experiment.network}, count=4)
    assert {loss.part for loss in found} == {"none", "all", *PARTS} - {"decoder"}


def test_other_networks_are_refused() -> None:
    experiment = built(replace(TINY, kind="linear"))
    with pytest.raises(InputError, match="a Transformer"):
        sight(experiment, {"forecaster": experiment.network})


def test_a_season_of_one_row_has_no_same_hour() -> None:
    rows = torch.arange(-8, 0)
    even = torch.full((1, 8, 8), 1 / 8).double()
    layer = Attended(rows, rows, torch.ones(8, 8, dtype=torch.bool), even, torch.ones(1, 1, 1).double(),
                     torch.special.entr(even).sum(2).mean(1), 1)
    (found,) = heads(Sight({"encoder": (layer,)}, torch.ones(8).double(), 1))
    assert math.isnan(found.rank)
    assert found.agrees is None
