"""S0.11: approximations at queries and keys that were trained."""

import pytest
import torch

from genloom.forecasting.attention.options import Options
from genloom.studies.forecasting import reasons
from genloom.studies.forecasting.reasons import Met, kept, lost, lost_by_all_alike, met, works


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reasons, "FEATURES", (8, 16))


def given(scale: float, length: int = 24, *, causal: bool = False) -> Met:
    random = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(1, 2, length, 4, generator=random) for _ in range(3))
    return Met("encoder", scale * q, k, v, causal)


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(works, tiny, formula=True)
    assert len(answer.tables[0].rows) == len(met(tiny)) == 3, "two layers of the encoder and one of the decoder"
    assert [each.causal for each in met(tiny)] == [False, False, True]


def test_even_attention_is_no_error_and_sharp_attention_is() -> None:
    assert lost_by_all_alike(given(0.0)) == pytest.approx(0, abs=1e-6)
    assert lost_by_all_alike(given(3.0)) > 0.5
    assert lost(given(1.0), "materialised", Options()) == pytest.approx(0, abs=1e-5)


def test_more_features_lose_less() -> None:
    few, many = (lost(given(1.0), "performer", Options(features=m)) for m in (8, 2048))
    assert many < few / 2


@pytest.mark.parametrize("kind", ["strided", "fixed", "local"])
def test_even_weights_keep_the_share_of_the_pairs(kind: str) -> None:
    found = kept(given(0.0), kind, 6)
    assert found.weight == pytest.approx(found.even, abs=1e-6)
    assert 0 < found.even < 1
