"""What an evaluator's recipe says, and what it may not say."""

from dataclasses import replace

import pytest

from genloom.errors import InputError
from genloom.recipes import recipe, rules
from genloom.recipes.evaluator import Augmentation, Evaluation, EvaluatorRecipe, Network, evaluator_iclevr


def test_it_is_there_by_name_with_real_pictures_and_the_gpu_tier_has_the_courses_width() -> None:
    assert isinstance(recipe("evaluator-iclevr"), EvaluatorRecipe)
    laptop, gpu = evaluator_iclevr(), evaluator_iclevr("gpu")
    assert laptop.data == gpu.data
    assert (laptop.data.source, laptop.data.size, laptop.data.flip) == ("iclevr", 64, False)
    assert (laptop.network.width, gpu.network.width) == (16, 64)
    assert laptop.engine.evaluate_every == 0, "no checkpoint is chosen by the pictures that judge it"


@pytest.mark.parametrize(("changes", "parameter"), [
    ({"network": Network(width=0)}, "network.width"),
    ({"network": Network(blocks=())}, "network.blocks"),
    ({"network": Network(blocks=(2, 0))}, "network.blocks"),
    ({"augmentation": Augmentation(shift=-1)}, "augmentation.shift"),
    ({"augmentation": Augmentation(brightness=1.5)}, "augmentation.brightness"),
    ({"evaluation": Evaluation(samples=1)}, "evaluation.samples"),
])
def test_what_cannot_be_is_refused(changes: dict[str, object], parameter: str) -> None:
    with pytest.raises(InputError) as caught:
        rules.validate(replace(evaluator_iclevr(), **changes))  # type: ignore[arg-type]
    assert caught.value.parameter == parameter
    assert caught.value.remedy
