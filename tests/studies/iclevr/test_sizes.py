"""Every tier has its sizes, and what items need is among them."""

import pytest

from genloom.diffusion.samplers.registry import SAMPLERS
from genloom.recipes.registry import TIERS
from genloom.studies.iclevr.sizes import SIZES


@pytest.mark.parametrize("tier", TIERS)
def test_scales_begin_at_nothing_and_hold_the_plain_model(tier: str) -> None:
    sizes = SIZES[tier]
    assert sizes.scales[0] == sizes.pulls[0] == 0
    assert 1 in sizes.scales
    assert list(sizes.scales) == sorted(sizes.scales)
    assert list(sizes.pulls) == sorted(sizes.pulls)


@pytest.mark.parametrize("tier", TIERS)
def test_the_text_s_figure_and_the_reported_seeds_are_there(tier: str) -> None:
    sizes = SIZES[tier]
    assert sizes.stages >= 8
    assert sizes.seeds >= 3 >= sizes.ablation_seeds
    assert {sampler for sampler, _, _ in sizes.samplers} <= set(SAMPLERS)
    assert {(sampler, eta) for sampler, eta, _ in sizes.samplers} >= {("ddpm", 1.0), ("ddim", 0.0), ("ddim", 1.0)}
