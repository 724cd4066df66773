"""What every forecaster must do, whatever its network and head; a new kind joins by its name in the recipe."""

import typing

import pytest
import torch
from safetensors.torch import load, save

from genloom.forecasting.audit.whole import audit
from genloom.forecasting.forecaster import Forecaster
from genloom.forecasting.heads import HEADS
from genloom.forecasting.method import Forecasting
from genloom.forecasting.windows import Parts
from genloom.recipes.forecaster import Data, ForecasterRecipe, Network, Window
from genloom.recipes.forecaster_parts import make_borders, make_forecaster, make_parts, make_series
from genloom.rng import StepRng
from genloom.training.method import Batch

KINDS = typing.get_args(typing.get_type_hints(Network)["kind"])
BASE = [{"kind": kind, "cycle": 24 if kind == "periodic" else 0} for kind in KINDS]
MORE = [{"kind": "transformer", "decoder": "autoregressive"}, {"kind": "transformer", "norm_first": True},
        {"kind": "transformer", "neighbours": False}, {"kind": "transformer", "attention": "performer"},
        {"kind": "transformer", "attention": "strided"}, {"kind": "transformer", "mask": "none"},
        {"kind": "patchtst", "norm": "layer"}, {"kind": "linear", "each": True, "normalise": "last"},
        {"kind": "transformer", "mask": "recent"},
        {"kind": "periodic", "cycle": 12, "normalise": "mean", "cycle_start": "profile"},
        {"kind": "itransformer", "cycle": 24, "normalise": "instance", "affine": True}]


def recipe_of(network: dict[str, object]) -> ForecasterRecipe:
    sizes = {"width": 8, "heads": 2, "hidden": 8, "layers": 1, "dropout": 0.0}
    return ForecasterRecipe(name="contract", summary="", data=Data(hours=400, borders="ratio"),
                            window=Window(lookback=24, horizon=6, label=8), network=Network(**{**sizes, **network}))


@pytest.fixture(scope="module")
def series() -> object:
    return make_series(Data(hours=400))


def built(network: dict[str, object], series: object) -> tuple[Forecaster, Parts, Batch]:
    recipe = recipe_of(network)
    parts = make_parts(recipe, series, make_borders(recipe, series))
    model = make_forecaster(recipe, parts).double()
    return model, parts, {name: each.double() for name, each in parts.train.batch(torch.arange(0, 40, 8)).items()}


each = pytest.mark.parametrize("network", [*BASE, *MORE], ids=str)


@each
@pytest.mark.parametrize("head", HEADS)
def test_the_gradient_of_its_loss_reaches_each_parameter(network: dict[str, object], head: str,
                                                         series: object) -> None:
    model, _, batch = built({**network, "head": head}, series)
    model.train()
    torch.manual_seed(0)
    flat = model.head.parameters > 1 and network["kind"] in ("linear", "dlinear")
    if flat or network["kind"] == "periodic":  # which starts at a mean of cycles, from which a cycle cancels
        torch.nn.init.normal_(next(model.network.parameters()))
    taught = network.get("decoder") == "autoregressive"
    (update,) = Forecasting(head=model.head, taught=taught).updates({"forecaster": model}, batch, StepRng(0, 0))
    update.loss.backward()
    assert update.loss.isfinite()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


@each
def test_it_passes_its_own_audit(network: dict[str, object], series: object) -> None:
    model, parts, _ = built(network, series)
    checks = audit(model, parts.test, batches=parts.test.batches, count=4)
    assert [f"{check.name}: {check.said}" for check in checks if check.verdict == "fail"] == []


def test_taught_without_a_mask_the_audit_finds_the_leak(series: object) -> None:
    model, parts, _ = built({"kind": "transformer", "decoder": "autoregressive", "mask": "none"}, series)
    assert "fail" in [check.verdict for check in audit(model, parts.test, count=4)]


@each
def test_saving_and_loading_keep_the_function(network: dict[str, object], series: object) -> None:
    model, _, batch = built(network, series)
    told = [batch[name] for name in ("x", "x_marks", "y_marks")]
    model.eval()
    before, kept = model(*told), save(model.state_dict())
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    model.load_state_dict(load(kept))
    assert torch.equal(model(*told), before)
    assert type(model.network).__name__ in repr(model)
