"""The image recipes have the source text's numbers."""

from genloom.recipes.images import ddpm_cats, ddpm_digits, ddpm_iclevr, ddpm_images


def test_cats_are_trained_as_the_text_says() -> None:
    cats = ddpm_cats()
    assert (cats.schedule.kind, cats.schedule.steps, cats.data.size, cats.engine.batch_size) == ("cosine", 50, 32, 32)
    assert (cats.optimizer.lr, cats.network.width, cats.engine.steps) == (1e-3, 16, 1000)
    assert (cats.diffusion.distance, cats.diffusion.prediction, cats.diffusion.times) == ("l1", "noise", "table")
    assert (cats.data.zoom, cats.data.flip) == (1.12, True)
    assert cats.engine.evaluate_every == 100
    assert (cats.sampling.sampler, cats.sampling.steps, cats.sampling.clip) == ("ddpm", 0, True)
    assert ddpm_cats("gpu").engine.steps == 10_000


def test_the_gpu_tier_is_larger_and_otherwise_the_same_recipe() -> None:
    for make in (ddpm_images, ddpm_digits, ddpm_cats, ddpm_iclevr):
        laptop, gpu = make(), make("gpu")
        assert gpu.engine.steps > laptop.engine.steps
        assert (gpu.name, gpu.schedule, gpu.diffusion) == (laptop.name, laptop.schedule, laptop.diffusion)
