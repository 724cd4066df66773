"""ProbSparse attention, its leak as published, and the repair."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from genloom.forecasting.attention import probsparse, reference
from genloom.forecasting.attention.kinds import attend, weights
from genloom.forecasting.attention.options import Options, Setting

Three = Callable[..., tuple[Tensor, Tensor, Tensor]]
FEW = Options(factor=1.0)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("length", [1, 12, 40])
@pytest.mark.parametrize("published", [False, True])
def test_it_is_the_plain_algorithm(three: Three, length: int, causal: bool, published: bool) -> None:
    q, k, v = (x.detach() for x in three(length))
    name = "probsparse-published" if published else "probsparse"
    count = probsparse.count_of(length, Setting(options=FEW))
    drawn = probsparse.drawn_keys(length, length, count, causal and not published, 0, "cpu")
    right = reference.standing_out(q.numpy(), k.numpy(), v.numpy(), drawn.numpy(), most=count, causal=causal,
                                   published=published)
    assert reference.relative_error(attend(name, q, k, v, causal=causal, options=FEW).numpy(), right) < 1e-14


def test_as_published_its_causal_form_leaks(three: Three) -> None:
    q, k, v = (x.detach() for x in three(96))
    changed = [x.clone() for x in (q, k, v)]
    for x in changed:
        x[:, :, 60:] *= 5
    leaks = {name: (attend(name, *changed, causal=True, options=FEW) - attend(name, q, k, v, causal=True, options=FEW))
             [:, :, :60].abs().max().item() for name in ("probsparse-published", "probsparse")}
    assert leaks["probsparse-published"] > 0.1
    assert leaks["probsparse"] == 0


def test_as_published_other_queries_take_sums_where_it_is_causal(three: Three) -> None:
    q, k, _ = three(96)
    rows = weights("probsparse-published", q, k, causal=True, options=FEW).sum(3)[0, 0]
    steps = torch.arange(1, 97, dtype=torch.float64)
    assert (torch.isclose(rows, steps) | torch.isclose(rows, torch.ones_like(rows))).all()
    assert torch.isclose(rows, steps).sum() > 80


def test_the_active_queries_are_few_and_stand_out(three: Three) -> None:
    q, k, _ = three(512)
    rows = weights("probsparse", q, k, options=FEW)
    active = ((rows - 1 / 512).abs() > 1e-9).any(3).sum(2)
    assert (active == 7).all()
    causal = weights("probsparse", q, k, causal=True, options=FEW)
    mean = torch.ones(512, 512, dtype=torch.float64).tril() / torch.arange(1, 513)[:, None]
    active = ((causal - mean).abs() > 1e-9).any(3).sum(2)
    assert (active < 7 * 12).all()


def test_all_queries_active_is_full_attention(three: Three) -> None:
    q, k, v = three(30)
    for causal in (False, True):
        found = attend("probsparse", q, k, v, causal=causal, options=Options(factor=100.0))
        torch.testing.assert_close(found, attend("full", q, k, v, causal=causal))


def test_blocks_of_queries_change_nothing(three: Three, monkeypatch: pytest.MonkeyPatch) -> None:
    q, k, v = three(90)
    whole = [attend("probsparse", q, k, v, causal=causal, options=FEW) for causal in (False, True)]
    monkeypatch.setattr(probsparse, "_ROWS", 16)
    for causal in (False, True):
        torch.testing.assert_close(attend("probsparse", q, k, v, causal=causal, options=FEW), whole[causal])


def test_the_seed_draws_the_keys(three: Three) -> None:
    q, k, v = three(60)
    one, again, other = (attend("probsparse", q, k, v, options=Options(factor=1.0, seed=seed)) for seed in (0, 0, 1))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
