"""The named recipes of points say what their source texts ask for."""

from genloom.recipes.points import score_letters, ve_square, ve_square_classes


def test_ve_square_is_the_setting_of_s2() -> None:
    recipe = ve_square()
    assert (recipe.data.pattern, recipe.data.count, recipe.data.classes) == ("square", 3000, 0)
    assert (recipe.schedule.kind, recipe.schedule.rate) == ("exponential", 5.0)
    assert (recipe.diffusion.prediction, recipe.sampling.steps) == ("noise", 1000)


def test_classes_keep_the_process_and_what_is_predicted() -> None:
    plain, classes = ve_square(), ve_square_classes()
    assert classes.data.classes >= 5
    assert (classes.schedule, classes.diffusion, classes.sampling) == (plain.schedule, plain.diffusion, plain.sampling)


def test_score_letters_is_the_setting_of_s4() -> None:
    recipe = score_letters()
    assert (recipe.data.pattern, recipe.data.text) == ("text", "CS446")
    assert (recipe.network.kind, recipe.diffusion.prediction) == ("scorenet", "score")
    assert recipe.sampling.sampler == "langevin"
    assert (recipe.schedule.sigma_min, recipe.schedule.sigma_max, recipe.diffusion.levels) == (0.01, 0.3, 10)


def test_gpu_tiers_train_for_longer() -> None:
    for make in (ve_square, ve_square_classes, score_letters):
        assert make("gpu").engine.steps > make("laptop").engine.steps
