"""The ways to guide start from the same noise, and the guide is not the judge."""

import torch

from genloom.recipes.classifier_guidance import guided_denoiser
from genloom.studies.iclevr import work
from genloom.studies.iclevr.guided import FREE, NOTHING, PLAIN, WAYS, points, raw, scales, ways


def test_every_way_is_drawn_at_its_scales_and_judged_by_both(tiny) -> None:
    for way in ways(tiny):
        found = points(tiny, way)
        assert [each.scale for each in found] == list(scales(tiny, way))
        for each in found:
            assert each.pictures.shape == (64, 3, 16, 16)
            assert torch.equal(each.by_judge.found.sets, each.by_guide.found.sets)
    assert {way.zero for way in WAYS} == {NOTHING, PLAIN}
    assert not FREE.by_guide


def test_what_scale_0_and_1_have_in_common_is_drawn_once(tiny) -> None:
    free, alg2, both = (points(tiny, next(way for way in WAYS if way.key == key)) for key in ("free", "alg2", "both"))
    assert free[0].pictures is alg2[0].pictures, "nothing is told"
    assert free[1].pictures is both[0].pictures, "the labels are told, and nobody guides"
    assert not torch.equal(alg2[0].pictures, alg2[-1].pictures)


def test_the_guide_raises_its_own_log_probability(tiny) -> None:
    evaluator, sets = work.guide(tiny), work.both_lists(tiny)[:16]
    model = work.ddpm(tiny).experiment
    noise = model.noise(work.ddpm(tiny).trained.networks, 16, 0)
    x, t = model.prior.sample(noise), 0.5

    def seen(scale: float) -> float:
        found = guided_denoiser(raw(tiny), evaluator, sets, scale)(x, t).x0
        return float(evaluator.clean_log_prob(sets)(found).mean())

    assert seen(1e-3) > seen(0.0)


def test_the_gap_is_what_the_guide_sees_more(tiny) -> None:
    each = points(tiny, FREE)[0]
    same = each._replace(by_guide=each.by_judge)
    assert same.gap.value == 0
    all_right = each.by_judge._replace(found=type(each.by_judge.found)(each.by_judge.found.sets,
                                                                       each.by_judge.found.sets))
    assert each._replace(by_guide=all_right).gap.value > 0
