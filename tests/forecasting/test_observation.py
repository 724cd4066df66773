"""Attention as it is seen: rows, hours and means of what a Transformer's layers do."""

import math

import pytest
import torch
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.forecasting.attending import Attending
from genloom.forecasting.forecaster import Forecaster
from genloom.forecasting.heads import Point
from genloom.forecasting.layers import LayerShape
from genloom.forecasting.masks import make_mask
from genloom.forecasting.observation import observe, rows_of, transformer_of, visible_pairs
from genloom.forecasting.transformer import Attentions, Transformer, TransformerShape
from genloom.forecasting.windows import Windows

L, H, LABEL = 30, 12, 8


def transformer(decoder: str = "one-shot", seen: Tensor | None = None) -> Transformer:
    torch.manual_seed(0)
    shape = TransformerShape(channels=2, marks=1, lookback=L, horizon=H, label=LABEL, layers=2, decoder_layers=2,
                             decoder=decoder, layer=LayerShape(width=8, heads=2, hidden=8))  # type: ignore[arg-type]
    decoding = Attending(causal=True) if seen is None else Attending(seen=seen)
    return Transformer(shape, Attentions(Attending(), decoding, Attending())).eval()


@pytest.fixture(scope="module")
def windows() -> Windows:
    draw = torch.Generator().manual_seed(0)
    return Windows(torch.randn(120, 2, generator=draw), torch.rand(120, 1, generator=draw), 40, 120, L, H)


@pytest.fixture(scope="module")
def phases() -> Tensor:
    return (torch.arange(120) + 5) % 24


def test_rows_begin_at_the_forecast() -> None:
    queries, keys = (each.tolist() for each in rows_of(transformer(), "encoder", L, L))
    assert queries == keys == list(range(-L, 0))
    queries, keys = (each.tolist() for each in rows_of(transformer(), "decoder", LABEL + H, LABEL + H))
    assert queries == keys == list(range(-LABEL, H))
    queries, keys = (each.tolist() for each in rows_of(transformer(), "cross", H, L))
    assert (queries, keys) == (list(range(H)), list(range(-L, 0)))
    queries, _ = (each.tolist() for each in rows_of(transformer("autoregressive"), "cross", H, L))
    assert queries == list(range(-1, H - 1))


@pytest.mark.parametrize("decoder", ["one-shot", "autoregressive"])
def test_means_are_those_of_all_windows_at_once(decoder: str, windows: Windows, phases: Tensor) -> None:
    model = transformer(decoder)
    found = observe(model, windows, phases, count=7, batch=3, taught=True)
    chosen = torch.linspace(0, len(windows) - 1, 7).long()
    batch = windows.batch(chosen)
    for name, layers in model.look(batch["x"], batch["x_marks"], batch["y_marks"], batch["y"]).items():
        assert len(found[name]) == len(layers)
        for mine, theirs in zip(found[name], layers, strict=True):
            assert mine.windows == 7
            torch.testing.assert_close(mine.weights, theirs.double().mean(0), atol=1e-6, rtol=1e-5)
            torch.testing.assert_close(mine.weights.sum(2), torch.ones(mine.weights.shape[:2]).double())
            entropy = torch.special.entr(theirs.double()).sum(3).mean((0, 2))
            torch.testing.assert_close(mine.entropy, entropy, atol=1e-6, rtol=1e-5)


def test_hours_are_those_of_the_clock(windows: Windows, phases: Tensor) -> None:
    """Pair by pair, the slow way."""
    model = transformer()
    chosen = torch.linspace(0, len(windows) - 1, 5).long()
    found = observe(model, windows, phases, count=5, batch=2)["cross"][1]
    batch = windows.batch(chosen)
    weights = model.look(batch["x"], batch["x_marks"], batch["y_marks"])["cross"][1].double()
    sums, counts = torch.zeros(2, 24, 24).double(), torch.zeros(24)
    for b, index in enumerate(chosen.tolist()):
        origin = windows.origin(index)
        for q in range(weights.shape[2]):
            hour = int(phases[origin + found.queries[q]])
            counts[hour] += 1
            for k in range(L):
                sums[:, hour, int(phases[origin - L + k])] += weights[b, :, q, k]
    torch.testing.assert_close(found.folded, sums / counts[:, None].clamp(min=1), atol=1e-6, rtol=1e-5)
    rows = found.folded.sum(2)
    torch.testing.assert_close(rows[:, counts > 0], torch.ones(2, int((counts > 0).sum())).double())


def test_what_is_hidden_has_no_weight_and_what_may_be_seen_is_known(windows: Windows, phases: Tensor) -> None:
    own = make_mask("shuffled", LABEL + H, LABEL + H, seed=2)
    assert own is not None
    for seen in (None, own):
        found = observe(transformer(seen=seen), windows, phases, count=3)["decoder"][0]
        assert found.visible.sum() == (LABEL + H) * (LABEL + H + 1) // 2
        assert found.weights[:, ~found.visible].abs().max() == 0
        assert found.weights[:, found.visible].min() > 0
    assert math.isclose(found.uniform_entropy, math.lgamma(LABEL + H + 1) / (LABEL + H))  # mean of log 1 … log n


def test_visible_pairs_of_last_queries() -> None:
    assert visible_pairs(Attending(causal=True), 2, 4).int().tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]
    assert visible_pairs(Attending(), 2, 3).all()


def test_a_forecaster_is_looked_through(windows: Windows, phases: Tensor) -> None:
    network = transformer()
    model = Forecaster(network, Point())
    assert transformer_of(model) is network
    bare, wrapped = (observe(each, windows, phases, count=2) for each in (network, model))
    torch.testing.assert_close(bare["cross"][0].weights, wrapped["cross"][0].weights)


def test_other_networks_are_refused(windows: Windows, phases: Tensor) -> None:
    with pytest.raises(InputError, match="a Transformer, whose tokens are steps"):
        observe(nn.Linear(2, 2), windows, phases)
    with pytest.raises(InputError, match="at least 1"):
        observe(transformer(), windows, phases, count=0)
