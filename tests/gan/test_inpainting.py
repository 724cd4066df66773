"""What the two networks are shown, which weights each loss can move, and the minimum of the squared error."""

import pytest
import torch
from torch import nn

from genloom.data.masks import MASKS, centre_box
from genloom.errors import InputError
from genloom.gan.inpainting import Completion, Inpainting, complete, hidden_error, paste
from genloom.gan.losses import ADVERSARIAL
from genloom.metrics.fills import mean_fill
from genloom.rng import StepRng

X = torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(0))
MASK = MASKS["strokes"](6, 8, StepRng(0, 0))


class Fill(nn.Module):
    """A generator of one convolution that keeps what it was shown."""

    def __init__(self, channels=3):
        super().__init__()
        self.layer = nn.Conv2d(channels + 1, channels, 3, padding=1)
        self.shown = []

    def forward(self, seen, mask):
        self.shown.append((seen.detach(), mask))
        return self.layer(torch.cat([seen, mask], 1))


class Judge(nn.Module):
    """A discriminator of one convolution that keeps what it was shown."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(3, 1, 4, 2)
        self.shown = []

    def forward(self, x):
        self.shown.append(x)
        return self.layer(x)


def _networks():
    torch.manual_seed(0)
    return {"generator": Fill(), "discriminator": Judge()}


def test_the_error_is_the_mean_square_of_hidden_values_and_its_gradient_is_0_elsewhere():
    filled = torch.randn(X.shape, generator=torch.Generator().manual_seed(1)).requires_grad_()
    found = hidden_error(filled, X, MASK)
    for b in range(len(X)):
        hidden = (MASK[b, 0] == 0).expand(3, -1, -1)
        assert found[b].item() == pytest.approx((filled - X)[b][hidden].square().mean().item(), rel=1e-5)
    found.sum().backward()
    known = (MASK == 1).expand_as(X)
    assert (filled.grad[known] == 0).all()
    assert (filled.grad[~known] != 0).all()
    assert hidden_error(X + 1, X, torch.ones_like(MASK)).tolist() == [0.0] * 6


def test_completed_pictures_keep_what_is_known_and_do_not_depend_on_what_is_hidden():
    network = Fill()
    whole = complete(network, X, MASK)
    known = (MASK == 1).expand_as(X)
    assert torch.equal(whole[known], X[known])
    other = paste(torch.randn(X.shape), X, MASK)
    assert torch.equal(complete(network, other, MASK)[~known], whole[~known])
    assert all((seen[~known] == 0).all() for seen, _ in network.shown)


def test_without_a_weight_there_is_one_update_and_no_discriminator():
    networks = {"generator": Fill()}
    (update,) = Inpainting(masks=MASKS["boxes"]).updates(networks, {"x": X}, StepRng(0, 0))
    assert update.optimizer == "generator"
    seen, mask = networks["generator"].shown[0]
    with torch.no_grad():
        assert torch.equal(update.loss.detach(), hidden_error(networks["generator"](seen, mask), X, mask).mean())


def test_the_discriminator_moves_first_and_neither_loss_moves_the_other():
    networks = _networks()
    fill, judge = networks.values()
    updates = Inpainting(masks=MASKS["boxes"], adversarial=0.1).updates(networks, {"x": X}, StepRng(0, 0))
    first = next(updates)
    assert first.optimizer == "discriminator"
    first.loss.backward()
    assert all(p.grad is None for p in fill.parameters()), "fakes are detached"
    assert all(p.grad.abs().sum() > 0 for p in judge.parameters())
    real, fake = judge.shown
    assert torch.equal(real, X), "real ones are a batch of their own"
    assert len(fake) == len(X)
    assert not fake.requires_grad
    with torch.no_grad():
        judge.layer.weight.mul_(-3)  # an optimizer's step, which the generator's loss must see
    second = next(updates)
    assert second.optimizer == "generator"
    assert judge.shown[2].requires_grad
    assert torch.equal(judge.shown[2], fake)
    second.loss.backward(inputs=list(fill.parameters()))
    assert all(p.grad.abs().sum() > 0 for p in fill.parameters())
    with torch.no_grad():
        deceit = torch.nn.functional.softplus(-judge(fake)).mean()
    assert second.metrics["deceit"].item() == pytest.approx(deceit.item(), rel=1e-6)
    assert second.loss.item() == pytest.approx((second.metrics["squared_error"] + 0.1 * deceit).item(), rel=1e-6)
    assert next(updates, None) is None


def test_the_discriminators_loss_is_the_game_of_its_logits_alone():
    """No squared error in it: it is the same for any generator that gives the same completed picture."""
    networks = _networks()
    method = Inpainting(masks=MASKS["boxes"], adversarial=1.0, game=ADVERSARIAL["hinge"])
    first = next(method.updates(networks, {"x": X}, StepRng(0, 0)))
    judge = networks["discriminator"]
    real, fake = (judge(shown).detach() for shown in list(judge.shown))
    assert first.loss.item() == pytest.approx(ADVERSARIAL["hinge"].discriminator(real, fake).item(), rel=1e-6)
    told = (real > 0).float().mean().item(), (fake < 0).float().mean().item()
    assert (first.metrics["real_told"].item(), first.metrics["fake_told"].item()) == told


def test_the_squared_error_is_least_at_the_conditional_mean():
    """Pictures whose hidden middle is ±1 at random: the answer is grey, at an error of 1, and any choice costs 2."""
    torch.manual_seed(0)
    constant = nn.Parameter(torch.full((1, 1, 8, 8), 0.8))
    x = torch.ones(400, 1, 8, 8) * torch.tensor([1.0, -1.0]).repeat(200)[:, None, None, None]
    networks = {"generator": lambda seen, mask: constant.expand_as(x)}
    method = Inpainting(masks=MASKS["centre"])
    for _ in range(40):
        (update,) = method.updates(networks, {"x": x}, StepRng(0, 0))
        (gradient,) = torch.autograd.grad(update.loss, constant)
        with torch.no_grad():
            constant -= 4 * gradient
    hidden = centre_box(1, 8) == 0
    assert constant[hidden].abs().max() < 1e-3
    assert torch.equal(constant[~hidden], torch.full((48,), 0.8)), "what is known has no say"
    assert update.loss.item() == pytest.approx(1, abs=1e-4)
    assert hidden_error(torch.ones_like(x), x, centre_box(400, 8)).mean().item() == 2


def test_a_denoising_network_is_shown_the_mask_and_starts_as_the_fill_by_the_mean():
    told = {}

    class Network(nn.Module):
        def forward(self, x, time, labels):
            told.update(x=x, time=time, labels=labels)
            return torch.zeros_like(x[:, :3])

    found = Completion(Network())(MASK * X, MASK)
    assert torch.equal(told["x"][:, 3:], MASK)
    torch.testing.assert_close(told["x"][:, :3], mean_fill(X, MASK))
    torch.testing.assert_close(paste(found, X, MASK), mean_fill(X, MASK))
    assert told["time"].tolist() == [0.0]
    assert told["labels"] is None


def test_a_negative_weight_is_refused():
    with pytest.raises(InputError, match="weight"):
        Inpainting(masks=MASKS["boxes"], adversarial=-1)


def test_a_game_that_needs_pairs_of_real_and_fake_is_refused():
    with pytest.raises(InputError, match="judged alone"):
        Inpainting(masks=MASKS["boxes"], adversarial=1.0, game=ADVERSARIAL["relativistic"])
