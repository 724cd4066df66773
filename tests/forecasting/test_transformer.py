"""The Transformer: one pass or step by step, what its masks hide, and what it shows."""

import pytest
import torch

from genloom.errors import InputError
from genloom.forecasting.attending import Attending
from genloom.forecasting.layers import LayerShape
from genloom.forecasting.masks import make_mask
from genloom.forecasting.transformer import Attentions, Transformer, TransformerShape

LAYER = LayerShape(width=16, heads=4, hidden=32)
L, H, C, M, LABEL = 12, 7, 3, 2, 5


def small(decoder: str = "one-shot", attentions: Attentions | None = None, **sizes: object) -> Transformer:
    torch.manual_seed(0)
    chosen = {"layers": 2, "decoder_layers": 2, "parameters": 2, "label": LABEL, **sizes}
    shape = TransformerShape(channels=C, marks=M, lookback=L, horizon=H, decoder=decoder, layer=LAYER, **chosen)
    return Transformer(shape, attentions).double().eval()


def batch(count: int = 4) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(1)
    shapes = ((L, C), (L, M), (H, M), (H, C))
    return tuple(torch.randn(count, *shape, generator=random, dtype=torch.float64) for shape in shapes)


@pytest.mark.parametrize("decoder", ["one-shot", "autoregressive"])
def test_a_forecast_has_its_shape_and_does_not_depend_on_the_other_windows(decoder: str) -> None:
    x, x_marks, y_marks, _ = batch()
    network = small(decoder)
    whole = network(x, x_marks, y_marks)
    assert whole.shape == (4, H, C, 2)
    torch.testing.assert_close(network(x[2:3], x_marks[2:3], y_marks[2:3]), whole[2:3], rtol=0, atol=1e-12)


@pytest.mark.parametrize("label", [1, 2, LABEL, L])
def test_step_by_step_is_the_same_with_keys_kept_anew_and_taught_with_its_own_answers(label: int) -> None:
    x, x_marks, y_marks, _ = batch()
    network = small("autoregressive", label=label)
    kept = network.generate(x, x_marks, y_marks, keep=True)
    torch.testing.assert_close(network.generate(x, x_marks, y_marks, keep=False), kept, rtol=0, atol=1e-12)
    torch.testing.assert_close(network(x, x_marks, y_marks, kept[..., 0]), kept, rtol=0, atol=1e-12)
    torch.testing.assert_close(network(x, x_marks, y_marks), kept, rtol=0, atol=0)


def test_in_single_precision_keeping_keys_changes_nothing_that_matters() -> None:
    x, x_marks, y_marks, _ = (each.float() for each in batch())
    network = small("autoregressive").float()
    kept, anew = (network.generate(x, x_marks, y_marks, keep=keep) for keep in (True, False))
    torch.testing.assert_close(kept, anew, rtol=0, atol=1e-5)


def changed_by(network: Transformer, step: int) -> torch.Tensor:
    """Which rows of the forecast change where the truth of one step does, as the decoder is taught."""
    x, x_marks, y_marks, y = batch()
    other = y.clone()
    other[:, step] += 1
    gap = network(x, x_marks, y_marks, y) - network(x, x_marks, y_marks, other)
    return gap.abs().amax((0, 2, 3)) > 1e-9


def test_taught_with_a_causal_mask_no_step_sees_itself_or_what_comes() -> None:
    assert changed_by(small("autoregressive"), 3).tolist() == [False] * 4 + [True] * 3


@pytest.mark.parametrize("mask", ["none", "shuffled"])
def test_taught_without_a_causal_mask_the_answer_leaks(mask: str) -> None:
    seen = make_mask(mask, LABEL + H - 1, LABEL + H - 1)
    network = small("autoregressive", Attentions(Attending(), Attending(seen=seen), Attending()))
    assert changed_by(network, 3)[:4].any()
    with pytest.raises(InputError, match="only full causal"):
        network.generate(*batch()[:3], keep=True)


def test_in_one_pass_from_zeros_nothing_leaks_whatever_the_mask() -> None:
    for attentions in (None, Attentions(Attending(), Attending(), Attending())):
        assert not changed_by(small("one-shot", attentions), 3).any()


def test_more_steps_and_their_calendar_do_not_change_earlier_ones_step_by_step() -> None:
    x, x_marks, y_marks, _ = batch()
    network = small("autoregressive")
    other = y_marks.clone()
    other[:, 4:] += 1
    torch.testing.assert_close(network(x, x_marks, other)[:, :4], network(x, x_marks, y_marks)[:, :4], rtol=0,
                               atol=1e-12)


@pytest.mark.parametrize("decoder", ["one-shot", "autoregressive"])
def test_every_attention_can_be_looked_at(decoder: str) -> None:
    x, x_marks, y_marks, y = batch()
    found = small(decoder).look(x, x_marks, y_marks, y)
    target = LABEL + H - (decoder == "autoregressive")
    assert [w.shape for w in found["encoder"]] == [(4, 4, L, L)] * 2
    assert [w.shape for w in found["decoder"]] == [(4, 4, target, target)] * 2
    assert [w.shape[-1] for w in found["cross"]] == [L, L]
    assert all(torch.allclose(w.sum(3), torch.ones(()).double()) for each in found.values() for w in each)
    assert all(not w.triu(1).any() for w in found["decoder"])


@pytest.mark.parametrize("decoder", ["one-shot", "autoregressive"])
def test_the_gradient_reaches_each_parameter(decoder: str) -> None:
    network = small(decoder).train()
    network(*batch()).square().sum().backward()
    assert [n for n, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(InputError, match=r"window.label.*--window.label 6"):
        small(label=L + 1)
    with pytest.raises(InputError, match=r"network.layers"):
        small(layers=0)


def test_without_the_truth_a_decoder_is_looked_at_while_it_reads_its_own_forecast() -> None:
    x, x_marks, y_marks, _ = batch()
    network = small("autoregressive")
    own = network.generate(x, x_marks, y_marks)[..., 0]
    free, given = network.look(x, x_marks, y_marks), network.look(x, x_marks, y_marks, own)
    zeros = network.look(x, x_marks, y_marks, torch.zeros_like(own))
    for part in ("decoder", "cross"):
        torch.testing.assert_close(free[part][0], given[part][0], rtol=0, atol=0)
        assert not torch.allclose(free[part][0], zeros[part][0])
