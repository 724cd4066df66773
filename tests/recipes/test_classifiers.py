"""What the two classifiers have in common with the model that they guide."""

import pytest

from genloom.errors import InputError
from genloom.recipes import recipe, rules
from genloom.recipes.classifiers import ClassifierRecipe, Classifying, Network, digit_classifier, digit_classifier_noisy
from genloom.recipes.images import ddpm_digits
from genloom.recipes.process import Schedule


@pytest.mark.parametrize("tier", ["laptop", "gpu"])
def test_the_classifiers_see_digits_prepared_as_the_model_that_they_guide(tier: str) -> None:
    clean, noisy, model = digit_classifier(tier), digit_classifier_noisy(tier), ddpm_digits(tier)  # type: ignore[arg-type]
    assert clean.data == noisy.data == model.data
    assert noisy.schedule == model.schedule
    assert noisy.classifying.time_input == model.diffusion.time_input
    assert (clean.classifying.noisy, noisy.classifying.noisy) == (False, True)


def test_they_are_there_by_name() -> None:
    assert isinstance(recipe("digit-classifier"), ClassifierRecipe)
    assert recipe("digit-classifier-noisy", "gpu").name == "digit-classifier-noisy"


@pytest.mark.parametrize(("changes", "parameter"), [
    ({"schedule": Schedule(kind="exponential")}, "classifying.times"),
    ({"schedule": Schedule(kind="edm", sigma_min=2.0, sigma_max=1.0), "classifying": Classifying(times="uniform")},
     "schedule.sigma_min"),
    ({"network": Network(multipliers=())}, "network.multipliers"),
    ({"network": Network(width=0)}, "network.width"),
    ({"classifying": Classifying(shift=-1)}, "classifying.shift"),
])
def test_what_cannot_be_is_refused(changes: dict[str, object], parameter: str) -> None:
    from dataclasses import replace

    with pytest.raises(InputError) as caught:
        rules.validate(replace(digit_classifier_noisy(), **changes))  # type: ignore[arg-type]
    assert caught.value.parameter == parameter
    assert caught.value.remedy
