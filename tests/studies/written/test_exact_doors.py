"""Doors in exact numbers: their means, errors and games."""

import math

import pytest
import torch

from genloom.studies.inpainting.doors import ROOMS
from genloom.studies.written.exact_doors import (
    completed,
    every_door,
    exact_doors,
    foreign_gradients,
    game_value,
    one_number,
    shown,
)

HERE = exact_doors()


def test_all_doors_are_those_that_are_drawn() -> None:
    pictures, room, chance = every_door(HERE)
    assert chance.sum().item() == pytest.approx(1)
    assert len(pictures.flatten(1).unique(dim=0)) == 2 * ROOMS
    for k in range(ROOMS):
        mean = torch.einsum("n,nchw->chw", chance[room == k], pictures[room == k]) * ROOMS
        torch.testing.assert_close(mean, HERE.mean(torch.tensor([k]))[0])


def test_completions_have_their_known_errors() -> None:
    """Means: p (1 − p) in units of the door; the likelier door: the other one's chance; draws: twice the means'."""
    pictures, room, chance = every_door(HERE)
    door = HERE.door.sum()
    for kind, known in (("mean", HERE.chance * (1 - HERE.chance)),
                        ("likelier", torch.minimum(HERE.chance, 1 - HERE.chance))):
        fakes, rooms, share = completed(HERE, kind)
        assert torch.equal(rooms, torch.arange(ROOMS))
        assert (share == 1 / ROOMS).all()
        off = (pictures - fakes[room]).square().flatten(1).sum(1) / door
        found = torch.zeros(ROOMS, dtype=torch.float64).index_add_(0, room, chance * ROOMS * off)
        torch.testing.assert_close(found, known.double())
    assert torch.equal(completed(HERE, "draws")[0], pictures)


def test_the_game_prefers_what_the_squared_error_does_not() -> None:
    mean, likelier, draws = (game_value(HERE, kind)[0] for kind in ("mean", "likelier", "draws"))
    assert mean == pytest.approx(0, abs=1e-12)
    assert draws == pytest.approx(-math.log(4), abs=1e-12)
    assert draws < likelier < mean


@pytest.mark.parametrize("seed", [0, 1])
def test_a_network_with_room_for_one_number_spends_it_as_is_said(seed: int) -> None:
    assert one_number(True, seed) == pytest.approx(0.36, abs=1e-6)
    assert one_number(False, seed) == pytest.approx(1.0, abs=1e-6)


def test_neither_loss_reaches_the_others_network() -> None:
    assert foreign_gradients(1) == (0, 0, 0)


def test_what_is_shown_in_training_is_0_where_it_is_hidden() -> None:
    x, mask = torch.randn(3, 1, 8, 8, generator=torch.Generator().manual_seed(0)), HERE.mask
    assert torch.equal(shown(x, mask), x * mask)
    assert torch.equal(shown(x + 9 * (1 - mask), mask), shown(x, mask))
