from genloom.studies.square.class_guidance import SCALES, sweep
from genloom.studies.square.setting import setting


def test_guidance_shrinks_what_the_exact_denoiser_draws(small_context):
    found = {each.scale: each for each in sweep(setting(small_context), 0, 60) if each.name == "exact denoiser"}
    assert set(found) == set(SCALES)
    assert abs(found[1.0].spread - 1) < 0.1
    assert found[2.0].spread < 0.85 > found[4.0].spread  # the tilted density is uniform: its spread is 1 at every scale
    assert found[1.0].accuracy == found[4.0].accuracy == 1
