"""Masks: what they let through, and what they refuse."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from genloom.errors import DataError, InputError, UnknownName
from genloom.forecasting.masks import MASKS, future_pairs, make_mask, read_mask


def made(name: str, queries: int, keys: int, seed: int = 0) -> Tensor:
    mask = make_mask(name, queries, keys, seed=seed)
    assert mask is not None
    return mask


def test_none_is_none() -> None:
    assert make_mask("none", 4, 4) is None


def test_causal_is_what_torch_calls_causal() -> None:
    q, k, v = torch.randn(3, 1, 2, 16, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ours = F.scaled_dot_product_attention(q, k, v, attn_mask=made("causal", 16, 16))
    assert torch.equal(ours, F.scaled_dot_product_attention(q, k, v, is_causal=True))


def test_causal_queries_are_the_last_of_the_keys() -> None:
    assert torch.equal(made("causal", 5, 12), made("causal", 12, 12)[7:])


def test_shuffled_hides_as_much_as_causal_and_other_pairs() -> None:
    causal, shuffled = made("causal", 40, 40), made("shuffled", 40, 40)
    assert shuffled.sum() == causal.sum()
    assert sorted(shuffled.sum(1).tolist()) == sorted(causal.sum(1).tolist())
    assert shuffled.diagonal().all()
    assert future_pairs(causal, 40, 40) == 0
    # of the 780 later pairs a random order lets half through, give or take √(n(n−1)(2n+5)/72) = 43
    assert abs(future_pairs(shuffled, 40, 40) - 390) < 4 * 43


def test_shuffled_is_a_function_of_its_seed() -> None:
    assert torch.equal(made("shuffled", 9, 9, seed=3), made("shuffled", 9, 9, seed=3))
    assert not torch.equal(made("shuffled", 9, 9, seed=3), made("shuffled", 9, 9, seed=4))


def test_future_pairs_of_no_mask_are_all_later_ones() -> None:
    assert future_pairs(None, 4, 6) == 6


@pytest.mark.parametrize("name", [name for name in MASKS if name != "none"])
def test_every_query_looks_somewhere(name: str) -> None:
    for queries, keys in ((1, 1), (1, 7), (7, 7), (3, 11)):
        assert made(name, queries, keys).any(1).all()


def test_own_matrix_function_and_files(tmp_path: Path) -> None:
    own = torch.eye(3)
    assert torch.equal(make_mask(own, 3, 3), own.bool())  # type: ignore[arg-type]
    assert torch.equal(make_mask(lambda q, k: torch.ones(q, k, dtype=torch.bool), 2, 4),  # type: ignore[arg-type]
                       torch.ones(2, 4, dtype=torch.bool))
    np.save(tmp_path / "own.npy", own.bool().numpy())
    (tmp_path / "own.csv").write_text("1,0,0\n0,1,0\n0,0,1\n")
    for name in ("own.npy", "own.csv"):
        assert torch.equal(made(str(tmp_path / name), 3, 3), own.bool())


def test_refused_are_other_shapes_entries_and_empty_rows() -> None:
    with pytest.raises(InputError, match=r"\(2, 3\)"):
        make_mask(torch.ones(3, 3), 2, 3)
    with pytest.raises(InputError, match="zeros and ones"):
        make_mask(torch.full((2, 2), -torch.inf).triu(1), 2, 2)
    with pytest.raises(InputError, match="row 1"):
        make_mask(torch.tensor([[1, 0], [0, 0]]), 2, 2)
    with pytest.raises(InputError, match="as many keys as queries"):
        make_mask("causal", 4, 3)
    with pytest.raises(UnknownName, match="did you mean 'causal'"):
        make_mask("casual", 2, 2)


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b"1,0\n1\n", b"yes,no\n", b"\x93NUMPY junk"])
@pytest.mark.parametrize("name", ["mask.csv", "mask.npy"])
@pytest.mark.filterwarnings("ignore:loadtxt")
def test_files_that_are_no_masks(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises((DataError, InputError)):
        make_mask(str(tmp_path / name), 2, 2)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no mask"):
        read_mask(tmp_path / "none.csv")


def test_recent_is_causal_and_reaches_a_day_back() -> None:
    recent, causal = made("recent", 60, 60), made("causal", 60, 60)
    assert future_pairs(recent, 60, 60) == 0
    assert recent.sum(1).tolist() == [min(row + 1, 24) for row in range(60)]
    assert (recent <= causal).all()
    assert torch.equal(made("recent", 5, 60), recent[55:])
