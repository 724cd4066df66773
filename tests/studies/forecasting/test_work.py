"""What the items share: recipes, runs, and errors on the test part."""

import pytest
import torch

from genloom.forecasting.transformer import Transformer
from genloom.recipes import rules
from genloom.studies.forecasting import work
from genloom.studies.forecasting.work import SIZES, Sizes, masked, measured, narrow, on_test, published, standard


def test_the_published_settings_are_those_of_both_tiers() -> None:
    for size in (Sizes(), work.Sizes(**vars(SIZES["laptop"]))):
        assert (size.width, size.hidden, size.lookback, size.horizon, size.label) == (512, 2048, 96, 720, 48)
    assert work.HEADS == 8


def test_every_recipe_is_valid_and_ends_by_validation(tiny) -> None:
    for chosen in (published(tiny, 1), narrow(tiny, "performer", 1), masked(tiny, "autoregressive", "recent")):
        rules.validate(chosen)
        assert 0 < chosen.engine.evaluate_every <= chosen.engine.steps
    assert published(tiny, 1).engine.patience > 0


def test_models_are_those_of_the_least_validation_error(tiny) -> None:
    for model in standard(tiny):
        assert isinstance(model.transformer, Transformer)
        assert "best:" + model.trained.name in tiny.used


def test_errors_are_measured_once_and_of_all_windows(tiny) -> None:
    model = standard(tiny)[0]
    found = on_test(tiny, model)
    assert on_test(tiny, model) is found
    assert found.scaled.windows == len(model.experiment.parts.test)
    unit = torch.from_numpy(model.experiment.parts.scaler.std)
    torch.testing.assert_close(found.original.channel_mse, found.scaled.channel_mse * unit.square())
    some = measured(model.experiment, model.networks, model.experiment.parts.test, 5)
    assert some.scaled.windows == 5


def test_few_blocks_have_no_interval() -> None:
    errors = torch.rand(30, generator=torch.Generator().manual_seed(0))
    assert work.ends(work.sure(errors, 20)) is None
    low, high = work.ends(work.sure(errors, 5)) or (0.0, 0.0)
    assert low < float(errors.mean()) < high
    assert work.less(errors, errors + 1, 5).value == pytest.approx(-1)
