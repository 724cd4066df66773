"""What is shown to whom, which weights each loss moves, and what the losses are; whole games: test_whole_games.py."""

import pytest
import torch
from gan_jobs import CRITIC_STEPS, networks, playing
from sklearn.metrics import roc_auc_score
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.gan.latent import Latent
from genloom.gan.losses import ADVERSARIAL
from genloom.gan.method import Playing, Told, told_apart
from genloom.gan.penalties import Penalty, flat
from genloom.rng import StepRng
from genloom.training.precision import InPrecision, _Autocast

X = torch.randn(12, 2, generator=torch.Generator().manual_seed(0))
Y = F.one_hot(torch.arange(12) % 4, 4).float()


def updates(method, nets, step=0, **batch):
    return method.updates(nets, {"x": X, **batch}, StepRng(0, step))


def simple(**changes):
    return Playing(**{"latent": Latent(size=3, law="normal")} | changes)


def gradients(loss, network):
    return torch.autograd.grad(loss, list(network.parameters()), allow_unused=True, retain_graph=True)


# ---- whose turn it is, and what it sees


def test_the_critic_moves_so_many_times_and_then_the_generator_once():
    assert [u.optimizer for u in updates(playing(), networks())] == ["discriminator"] * CRITIC_STEPS + ["generator"]


def test_each_critic_step_has_its_own_part_of_the_batch_and_new_fakes():
    nets = networks()
    list(updates(playing(penalty=Penalty()), nets))
    *shown, last = nets["discriminator"].shown
    real, fake = shown[::2], shown[1::2]
    assert [len(x) for x in shown] == [4] * 6
    assert sorted(torch.cat(real).tolist()) == sorted(X.tolist()), "all of the batch, each once"
    assert len({tuple(z.flatten().tolist()) for z, _, _ in nets["generator"].calls}) == CRITIC_STEPS
    assert len({tuple(x.flatten().tolist()) for x in fake}) == CRITIC_STEPS
    assert torch.equal(last, fake[-1]), "the generator is judged by the fakes of the last part"


def test_only_the_generators_own_fakes_hold_a_graph():
    nets = networks()
    list(updates(playing(), nets))
    assert [graph for _, _, graph in nets["generator"].calls] == [False, False, True]


def test_fakes_are_detached_and_apart_from_real_ones():
    nets = networks()
    first = next(updates(simple(), nets))
    real, fake = nets["discriminator"].shown
    assert torch.equal(real, X)
    assert len(fake) == len(X)
    assert not fake.requires_grad
    assert all(g is None for g in gradients(first.loss, nets["generator"]))
    assert all(g.abs().sum() > 0 for g in gradients(first.loss, nets["discriminator"]))


def test_the_generator_is_judged_by_the_moved_discriminator():
    nets = networks()
    game_of = updates(simple(), nets)
    next(game_of)
    with torch.no_grad():
        nets["discriminator"].logit.weight.mul_(-3)  # an optimizer's step
    second = next(game_of)
    z = nets["generator"].calls[0][0]
    logits = nets["discriminator"](nets["generator"](z)).logits
    assert second.loss.item() == pytest.approx(F.softplus(-logits).mean().item(), rel=1e-6)
    assert all(g.abs().sum() > 0 for g in gradients(second.loss, nets["generator"]))


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_both_losses_are_the_games(name):
    nets, other = networks(), networks()
    first, second = updates(simple(game=ADVERSARIAL[name]), nets)
    real, fake = (other["discriminator"](x).logits for x in nets["discriminator"].shown[:2])
    generator = ADVERSARIAL[name].generator(*((fake, real) if ADVERSARIAL[name].relative else (fake,)))
    assert first.loss.item() == pytest.approx(ADVERSARIAL[name].discriminator(real, fake).item(), rel=1e-6)
    assert second.loss.item() == pytest.approx(generator.item(), rel=1e-6)
    assert first.metrics["game/discriminator"].item() == first.loss.item()
    assert second.metrics["game/generator"].item() == second.loss.item()
    assert first.metrics["logit_real"].item() == pytest.approx(real.mean().item(), rel=1e-6)
    assert first.metrics["logit_fake"].item() == pytest.approx(fake.mean().item(), rel=1e-6)
    assert first.metrics["told_apart"].item() == told_apart(real, fake).item()


def test_a_relative_game_asks_the_moved_discriminator_about_real_ones_too():
    nets = networks()
    game_of = updates(simple(game=ADVERSARIAL["relativistic"]), nets)
    next(game_of)
    with torch.no_grad():
        nets["discriminator"].logit.weight.mul_(-3)
    second = next(game_of)
    fake, real = nets["discriminator"].shown[2:]
    assert torch.equal(real, X)
    expected = F.softplus(nets["discriminator"](real).logits - nets["discriminator"](fake).logits).mean()
    assert second.loss.item() == pytest.approx(expected.item(), rel=1e-6)


# ---- penalties, clipping, augmentation


def test_a_lazy_penalty_is_taken_when_due_and_weighs_as_much_more():
    lazy, nets = simple(penalty=Penalty(kind="r1", weight=2.0, every=3)), networks()
    for step in range(4):
        first = next(updates(lazy, nets, step))
        if step % 3:
            assert "penalty" not in first.metrics
            assert first.loss.item() == first.metrics["game/discriminator"].item()
        else:
            expected = flat(lambda x: nets["discriminator"](x).logits, X).item()
            assert first.metrics["penalty"].item() == pytest.approx(2 * expected, rel=1e-5)
            extra = first.loss.item() - first.metrics["game/discriminator"].item()
            assert extra == pytest.approx(6 * expected, rel=1e-4)


def test_drift_is_in_every_update_of_the_discriminator_and_of_real_ones_alone():
    """A lazy penalty beside it is not due at step 1; the mean square of a real logit is added all the same."""
    nets = networks()
    found = list(updates(playing(penalty=Penalty(kind="r1", every=2, drift=0.5)), nets, step=1))
    *critics, generator = found
    assert len(critics) == CRITIC_STEPS
    for k, update in enumerate(critics):
        real = nets["discriminator"](nets["discriminator"].shown[2 * k]).logits
        extra = update.loss.item() - update.metrics["game/discriminator"].item()
        assert extra == pytest.approx(0.5 * real.square().mean().item(), rel=1e-4)
    assert generator.loss.item() == generator.metrics["game/generator"].item()


def test_drift_and_a_penalty_are_added():
    nets = networks()
    first = next(updates(simple(penalty=Penalty(kind="r1", weight=2.0, drift=0.5)), nets))
    drift = nets["discriminator"](X).logits.square().mean().item() / 2
    extra = first.loss.item() - first.metrics["game/discriminator"].item()
    assert extra == pytest.approx(first.metrics["penalty"].item() + drift, rel=1e-4)


def test_under_bfloat16_the_game_is_half_and_the_penalty_is_whole():
    nets = networks()
    seen = {name: InPrecision(network, _Autocast("cpu")) for name, network in nets.items()}
    first = next(updates(simple(penalty=Penalty(kind="r1", weight=2.0)), seen))
    assert nets["discriminator"].kinds == [torch.bfloat16, torch.bfloat16, torch.float32]
    exact = flat(lambda x: nets["discriminator"](x).logits, X).item()
    assert first.metrics["penalty"].item() == pytest.approx(2 * exact, rel=1e-6)


def test_clipping_holds_after_each_move_of_the_discriminator_and_of_it_alone():
    nets = networks()
    with torch.no_grad():
        nets["generator"].layers[0].weight.fill_(5.0)
    for update in updates(playing(clip=0.01, penalty=Penalty()), nets):
        if update.optimizer == "discriminator":
            with torch.no_grad():
                nets["discriminator"].logit.weight.add_(7.0)
    assert max(p.abs().max().item() for p in nets["discriminator"].parameters()) == pytest.approx(0.01)
    assert nets["generator"].layers[0].weight.max() == 5.0


def test_real_ones_and_fakes_are_augmented_alike_in_both_losses_and_gradients_pass():
    seen = []

    def double(x, rng):
        seen.append(x)
        return 2 * x * (1 + rng.uniform((len(x), 1)))

    nets = networks()
    _, second = updates(simple(augment=double), nets)
    assert torch.equal(seen[0], X)
    assert torch.equal(seen[1], seen[2]), "the fakes of both losses"
    ratios = [(shown / (2 * x)).mean(1) for shown, x in zip(nets["discriminator"].shown, seen, strict=True)]
    assert all(((ratio >= 1) & (ratio < 2)).all() for ratio in ratios)
    assert not torch.equal(ratios[1], ratios[2]), "with draws of their own"
    assert all(g.abs().sum() > 0 for g in gradients(second.loss, nets["generator"]))


# ---- labels and codes


def test_fakes_have_the_labels_of_the_real_ones_beside_them():
    nets = networks(labels=4)
    labels = []
    nets["discriminator"].register_forward_pre_hook(lambda module, given: labels.append(given[1]))
    list(updates(playing(penalty=Penalty()), nets, y=Y))
    real = nets["discriminator"].shown[::2][:CRITIC_STEPS]
    for k, (part, (_, y, _)) in enumerate(zip(real, nets["generator"].calls, strict=True)):
        rows = [X.tolist().index(row) for row in part.tolist()]
        assert torch.equal(y, Y[rows])
        assert torch.equal(labels[2 * k], y)
        assert torch.equal(labels[2 * k + 1], y)
    assert torch.equal(labels[-1], nets["generator"].calls[-1][1])


@pytest.mark.parametrize("exclusive", [True, False])
def test_an_auxiliary_classifier_learns_of_both_and_the_generator_is_told(exclusive):
    nets = networks(labels=4)
    first, second = updates(simple(told=Told(exclusive=exclusive, labels=0.5)), nets, y=Y)
    said = [nets["discriminator"](x).labels for x in nets["discriminator"].shown[:2]]
    if exclusive:
        losses = [-(Y * logits.log_softmax(1)).sum(1).mean().item() for logits in said]
    else:
        losses = [-(Y * F.logsigmoid(logits) + (1 - Y) * F.logsigmoid(-logits)).mean().item() for logits in said]
    extra = first.loss.item() - first.metrics["game/discriminator"].item()
    assert extra == pytest.approx(0.5 * sum(losses), rel=1e-5)
    extra = second.loss.item() - second.metrics["game/generator"].item()
    assert extra == pytest.approx(0.5 * losses[1], rel=1e-5)


def test_an_auxiliary_classifier_can_learn_from_real_ones_alone():
    nets = networks(labels=4)
    first, second = updates(simple(told=Told(exclusive=False, labels=0.5, fakes=False)), nets, y=Y)
    losses = [F.binary_cross_entropy_with_logits(nets["discriminator"](x).labels, Y).item()
              for x in nets["discriminator"].shown[:2]]
    extra = first.loss.item() - first.metrics["game/discriminator"].item()
    assert extra == pytest.approx(0.5 * losses[0], rel=1e-5)
    extra = second.loss.item() - second.metrics["game/generator"].item()
    assert extra == pytest.approx(0.5 * losses[1], rel=1e-5)


def test_a_reader_is_asked_about_the_generators_own_fakes_without_augmentation():
    nets = networks(labels=4)
    asked = []

    def reader(x, y):
        asked.append((x, y))
        return (x.sum(1) - y[:, 0]).square().mean()

    first, second = updates(simple(reader=reader, augment=lambda x, rng: x + 1, told=Told(labels=0.0)), nets, y=Y)
    (x, y), = asked
    assert torch.equal(y, Y)
    assert torch.equal(x + 1, nets["discriminator"].shown[-1])
    read = (x.sum(1) - Y[:, 0]).square().mean()
    assert second.metrics["read"].item() == pytest.approx(read.item())
    assert (second.loss - second.metrics["game/generator"]).item() == pytest.approx(read.item(), rel=1e-4)
    assert "read" not in first.metrics
    assert all(g.abs().sum() > 0 for g in gradients(read, nets["generator"]))


def test_reading_codes_carries_gradient_to_both_networks():
    """A penalty taken from detached outputs would leave both unmoved, and codes without meaning."""
    latent = Latent(size=3, law="normal", categories=3, values=1)
    nets = networks(latent=latent.width, read=latent.read)
    first, second = updates(Playing(latent=latent, told=Told(code=2.0)), nets)
    z = nets["generator"].calls[0][0]
    surprise = latent.surprise(nets["discriminator"](nets["generator"](z)).code, z)
    for update, name in ((first, "game/discriminator"), (second, "game/generator")):
        assert update.loss.item() - update.metrics[name].item() == pytest.approx(2 * surprise.item(), rel=1e-5)
    assert second.metrics["surprise"].item() == pytest.approx(surprise.item(), rel=1e-6)
    (moved,) = torch.autograd.grad(first.loss, nets["discriminator"].code.weight, retain_graph=True)
    assert moved.abs().sum() > 0
    weight = nets["generator"].layers[0].weight
    (whole,) = torch.autograd.grad(second.loss, weight, retain_graph=True)
    (alone,) = torch.autograd.grad(2 * surprise, weight)
    assert alone.abs().sum() > 0
    other = networks(latent=latent.width, read=latent.read)
    *_, without = updates(Playing(latent=latent, told=Told(code=0.0)), other)
    (rest,) = torch.autograd.grad(without.loss, other["generator"].layers[0].weight)
    torch.testing.assert_close(whole, rest + alone, rtol=1e-4, atol=1e-6)


# ---- numbers and refusals


def test_told_apart_is_the_area_under_the_roc_curve():
    draws = torch.Generator().manual_seed(1)
    real, fake = torch.randn(40, generator=draws) + 0.7, torch.randn(25, generator=draws)
    expected = roc_auc_score([1] * 40 + [0] * 25, torch.cat((real, fake)).tolist())
    assert told_apart(real, fake).item() == pytest.approx(expected, abs=1e-6)
    assert told_apart(torch.ones(3), torch.ones(5)).item() == 0.5
    assert told_apart(torch.ones(3), torch.zeros(2)).item() == 1


@pytest.mark.parametrize(("make", "complaint"), [
    (lambda: simple(critic_steps=0), "loss.critic_steps = 0"), (lambda: simple(clip=-1.0), "loss.clip = -1.0"),
    (lambda: simple(clip=float("inf")), "loss.clip"), (lambda: Told(labels=-1.0), "loss.labels"),
    (lambda: Told(code=float("nan")), "loss.code"),
    (lambda: list(updates(simple(critic_steps=5), networks())), "batch = 12: must be a multiple of 5"),
])
def test_what_cannot_be_played_is_refused(make, complaint):
    with pytest.raises(InputError, match=complaint):
        make()
