"""Stored weights are rounded by no more than is said, and what is not a weight comes back as it was."""

import pytest
import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.recipes.stored import SCALES, Storage, pack, unpack


def weights() -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(0)
    return {"a/matrix": torch.randn(6, 40, generator=random) * torch.logspace(-6, 3, 6)[:, None],
            "a/kernel": torch.randn(5, 3, 2, 2, generator=random), "a/gain": torch.randn(7, generator=random),
            "a/nothing": torch.zeros(2, 3), "a/count": torch.tensor(3), "a/bytes": torch.arange(4, dtype=torch.int8)}


def test_whole_weights_are_stored_as_they_are() -> None:
    stored = pack(weights(), "float32")
    assert all(torch.equal(stored[name], tensor) for name, tensor in weights().items())
    assert {name: torch.equal(tensor, weights()[name]) for name, tensor in unpack(stored).items()} == dict.fromkeys(
        weights(), True)


def test_eight_bits_round_by_a_254th_of_the_largest_of_a_row() -> None:
    stored = pack(weights(), "int8")
    assert stored["a/matrix"].dtype == stored["a/kernel"].dtype == torch.int8
    assert stored["a/gain"].dtype == torch.float16
    back = unpack(stored)
    assert set(back) == set(weights())
    for name in ("a/matrix", "a/kernel"):
        most = weights()[name].flatten(1).abs().amax(1, keepdim=True)
        assert ((back[name] - weights()[name]).flatten(1).abs() <= most / 254 * (1 + 1e-5)).all()
    torch.testing.assert_close(back["a/gain"], weights()["a/gain"], rtol=2**-11, atol=0)
    assert torch.equal(back["a/nothing"], torch.zeros(2, 3))


@pytest.mark.parametrize("storage", ["float16", "int8"])
def test_what_is_no_weight_stays(storage: Storage) -> None:
    back = unpack(pack(weights(), storage))
    for name in ("a/count", "a/bytes"):
        assert back[name].dtype == weights()[name].dtype
        assert torch.equal(back[name], weights()[name])


def test_rounding_again_changes_nothing() -> None:
    once = unpack(pack(weights(), "int8"))
    torch.testing.assert_close(unpack(pack(once, "int8")), once, rtol=1e-6, atol=0)


@pytest.mark.parametrize("storage", ["float16", "int8"])
def test_numbers_that_cannot_be_stored_are_refused(storage: Storage) -> None:
    with pytest.raises(InputError, match="a/w"):
        pack({"a/w": torch.tensor([[1.0, float("inf")]])}, storage)


def test_scales_that_do_not_fit_are_refused() -> None:
    stored = pack({"w": torch.ones(3, 2)}, "int8")
    with pytest.raises(ValueError, match="does not fit"):
        unpack({**stored, "w" + SCALES: torch.ones(2)})
    with pytest.raises(ValueError, match="does not fit"):
        unpack({"w" + SCALES: torch.ones(2)})
