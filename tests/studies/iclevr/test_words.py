"""S1.19 to S1.21 as items of the report: numbers come from recipes and runs."""

from dataclasses import replace

from genloom.studies.iclevr import words, work


def test_the_items_are_whole(tiny, check) -> None:
    for item in (words.introduction, words.describe_gan, words.describe_ddpm):
        answer = check(item, tiny)
        assert answer.tables
    assert len(words.introduction.work(tiny).results) == 4


def test_the_descriptions_have_the_recipe_s_own_numbers(tiny) -> None:
    model = work.ddpm(tiny)
    said = " ".join(words.describe_ddpm.work(tiny).text)
    assert f"guidance {model.recipe.sampling.guidance:g}" in said
    assert f"{model.recipe.engine.steps} steps of {model.recipe.engine.batch_size} pictures" in said
    other = model._replace(experiment=model.experiment)
    assert words._counted(other) == model.parameters
    assert words._counted(work.gan(tiny)) == sum(
        p.numel() for network in work.gan(tiny).experiment.networks.values() for p in network.parameters())


def test_every_choice_of_a_recipe_is_in_its_table_unless_it_says_nothing(tiny) -> None:
    chosen = replace(work.ddpm(tiny).recipe)
    rows = {row[0]: row for row in words._recipe(chosen, "All.").rows}
    assert rows["diffusion.prediction"][1] == "velocity"
    assert rows["data.flip"][1] in ("yes", "no")
    assert "engine.threads" not in rows
    assert all(row[2] for row in rows.values())


def test_normalisation_is_said_in_words() -> None:
    assert words._norms("none", "none") == "nothing"
    assert words._norms("batch", "both") == "batch norm and spectral normalisation of both networks"
