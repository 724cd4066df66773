"""A picture's start does not depend on what draws it, and what a picture costs is counted and not guessed."""

import torch

from genloom.studies.guided_sampling import work

TIERS = dict(work.SIZES)  # before they are made small for tests


def test_pictures_do_not_depend_on_how_many_are_drawn(tiny) -> None:
    here = work.digits(tiny)
    chosen = work.sampling(here, "ddpm", 5)

    def walk(labels, noise):
        return here.experiment.walk(here.experiment.denoiser(here.networks, labels, chosen), chosen, noise)

    few = work.draw(here._replace(sizes=work.Sizes(batch=3)), walk, 5, tiny.seed)
    assert (few.pictures.int() - work.drawn(tiny, "ddpm", 5).first(5).pictures.int()).abs().max() <= 1  # rounding
    assert few.labels.tolist() == [0, 1, 2, 3, 4]


def test_calls_are_those_of_the_sampler(tiny) -> None:
    assert work.drawn(tiny, "ddim", 10).calls == 10
    assert work.drawn(tiny, "heun", 5).calls == 8, "one at the last step, and one at the first, from nearly no signal"
    network = work.digits(tiny).networks["denoiser"]
    assert not network._forward_pre_hooks


def test_what_was_drawn_is_not_drawn_again(tiny) -> None:
    assert work.drawn(tiny, "ddim", 10) is work.drawn(tiny, "ddim", 10)


def test_the_bad_version_is_the_recipe_after_a_tenth_of_the_steps(tiny) -> None:
    here, bad = work.digits(tiny), work.bad_digits(tiny)
    assert bad.recipe.engine.steps * work.BAD == here.recipe.engine.steps
    assert bad.recipe.network == here.recipe.network
    x = torch.zeros(2, *here.experiment.shape)
    assert not torch.equal(here.raw()(x, 0.5).eps, bad.raw()(x, 0.5).eps)


def test_every_tier_asks_for_what_its_items_need() -> None:
    for sizes in TIERS.values():
        assert set(sizes.ddim) & set(sizes.half) & set(sizes.ddpm)
        assert sizes.guided_steps in sizes.ddim  # scale 1 is taken from there
        assert sizes.guided <= sizes.samples
        assert {0.0, 1.0} < set(sizes.scales)
        assert all(800 % steps == 0 for steps in (*sizes.orders, sizes.ends))
        assert 20 in sizes.fast
