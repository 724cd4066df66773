"""Pictures of doors: what is said of their distribution is so, and a network can learn its mean."""

import pytest
import torch

from genloom.data.masks import MASKS
from genloom.diffusion.schedule import cosine
from genloom.gan.inpainting import Inpainting, hidden_error
from genloom.rng import generator
from genloom.studies.inpainting.doors import ROOMS, doors, networks, score, train

HERE = doors()
TRUTH, ROOM = HERE.draw(20_000, generator(0))
MASK = HERE.mask.expand(len(TRUTH), -1, -1, -1)


def test_the_door_is_hidden_whole() -> None:
    assert ((HERE.mask == 1) * HERE.door).sum() == 0
    assert HERE.door.sum() == 6


def test_the_mean_and_the_least_error_are_those_of_many_draws() -> None:
    """The standard error of a share over 2,500 doors is at most .01."""
    for room in range(ROOMS):
        mine = TRUTH[room == ROOM]
        assert torch.allclose(mine.mean(0), HERE.mean(torch.tensor([room]))[0], atol=0.04)
    assert hidden_error(HERE.mean(ROOM), TRUTH, MASK).mean().item() == pytest.approx(HERE.least, rel=0.02)


def test_exact_answers_are_scored_so() -> None:
    mean = score(HERE, HERE.mean(ROOM), TRUTH, ROOM)
    assert mean.gap == 0
    assert mean.near == 0, "no mean is a door, not even of the rooms whose door is sure to 90 %"
    own = score(HERE, TRUTH, TRUTH, ROOM)
    assert own.error == 0
    assert own.near == 1
    torch.testing.assert_close(own.light, HERE.chance.double(), atol=0.04, rtol=0)


def test_the_oracle_is_of_the_same_distribution() -> None:
    found = HERE.oracle(cosine(10)).sample(20_000, generator(1)).float()
    torch.testing.assert_close(found.mean(0), TRUTH.mean(0), atol=0.02, rtol=0)
    torch.testing.assert_close(found.var(0), TRUTH.var(0), atol=0.02, rtol=0)


def test_training_moves_both_networks_and_lowers_the_error() -> None:
    nets = networks(True, 0)
    before = {name: [p.clone() for p in net.parameters()] for name, net in nets.items()}
    errors = train(HERE, Inpainting(masks=MASKS["centre"], adversarial=0.1), nets, 12, 0)
    assert sum(errors[-3:]) < sum(errors[:3])
    for name, net in nets.items():
        assert any(not torch.equal(a, b) for a, b in zip(before[name], net.parameters(), strict=True))


@pytest.mark.slow
def test_the_squared_error_leads_to_the_conditional_mean() -> None:
    """Within 1 % of the least error after 300 steps; and a game leads to doors that exist."""
    nets = networks(False, 0)
    train(HERE, Inpainting(masks=MASKS["centre"]), nets, 300, 0)
    with torch.no_grad():
        answer = nets["generator"].eval()(MASK[:2000] * TRUTH[:2000], MASK[:2000])
    assert score(HERE, answer, TRUTH[:2000], ROOM[:2000]).gap < 0.01 * HERE.least
