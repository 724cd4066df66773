"""An attention of a network passes on what it was told, and refuses what its kind cannot do."""

import pytest
import torch

from genloom.errors import InputError, UnknownName
from genloom.forecasting.attending import Attending
from genloom.forecasting.attention.kinds import KINDS
from genloom.forecasting.masks import make_mask


def three(length: int = 12, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, ...]:
    random = torch.Generator().manual_seed(0)
    return tuple(torch.randn(2, 4, length, 8, generator=random, dtype=dtype) for _ in range(3))


@pytest.mark.parametrize("kind", KINDS)
def test_its_weights_are_what_it_applies(kind: str) -> None:
    q, k, v = three()
    attending = Attending(kind).eval()
    torch.testing.assert_close(attending(q, k, v), attending.weights(q, k) @ v, rtol=0, atol=1e-9)


def test_a_mask_that_is_passed_is_used() -> None:
    q, k, v = three()
    causal = Attending(causal=True)(q, k, v)
    torch.testing.assert_close(Attending(seen=make_mask("causal", 12, 12))(q, k, v), causal, rtol=0, atol=1e-12)
    shuffled = make_mask("shuffled", 12, 12, seed=1)
    attending = Attending(seen=shuffled)
    assert not torch.allclose(attending(q, k, v), causal)
    assert torch.equal(attending.weights(q, k) > 0, shuffled.expand(2, 4, 12, 12))


def test_shorter_inputs_are_held_against_a_corner_of_the_mask() -> None:
    q, k, v = (each[:, :, :5] for each in three())
    attending = Attending(seen=torch.ones(12, 12, dtype=torch.bool).tril())
    torch.testing.assert_close(attending(q, k, v), Attending(causal=True)(q, k, v), rtol=0, atol=1e-12)
    with pytest.raises(InputError, match="at least 12 × 12"):
        Attending(seen=torch.ones(5, 5, dtype=torch.bool))(*three())


def test_only_full_causal_attention_can_keep_keys() -> None:
    assert Attending(causal=True).plain
    assert not Attending().plain
    assert not Attending(seen=torch.ones(3, 3, dtype=torch.bool)).plain


def test_what_cannot_be_is_refused_at_once() -> None:
    with pytest.raises(UnknownName, match=r"network.attention"):
        Attending("ful")
    with pytest.raises(InputError, match="truth values"):
        Attending(seen=torch.ones(3, 3))
    for kind in (kind for kind in KINDS.values() if not kind.masks):
        with pytest.raises(InputError, match="takes any mask"):
            Attending(kind.name, seen=torch.ones(3, 3, dtype=torch.bool))
    for kind in (kind for kind in KINDS.values() if not kind.causal):
        with pytest.raises(InputError, match="can be causal"):
            Attending(kind.name, causal=True)


def test_few_keys_in_bfloat16_are_written_out_and_give_the_same() -> None:
    q, k, v = three(dtype=torch.bfloat16)
    attending = Attending(causal=True)
    assert attending._fastest(q, k) == "materialised"
    with torch.no_grad():
        assert attending._fastest(q, k) == "full"
        fused = attending(q, k, v)
    torch.testing.assert_close(attending(q, k, v), fused, rtol=0.02, atol=0.02)


def test_it_shows_itself() -> None:
    assert repr(Attending(causal=True)) == "Attending(full, causal)"
