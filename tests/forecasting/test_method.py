"""The method yields one loss, that of the head, and a linear network trained by it finds the least squares."""

import pytest
import torch

from genloom.forecasting.forecaster import Forecaster
from genloom.forecasting.heads import Point, make_head
from genloom.forecasting.linear_models import Linear
from genloom.forecasting.method import Forecasting
from genloom.rng import StepRng


def batch() -> dict[str, torch.Tensor]:
    random = torch.Generator().manual_seed(0)
    shapes = {"x": (16, 5, 2), "y": (16, 3, 2), "x_marks": (16, 5, 1), "y_marks": (16, 3, 1)}
    return {name: torch.randn(shape, generator=random, dtype=torch.float64) for name, shape in shapes.items()}


@pytest.mark.parametrize("kind", ["point", "quantiles", "gaussian", "student"])
def test_one_update_with_the_loss_of_the_head(kind: str) -> None:
    head = make_head(kind)
    network = Forecaster(Linear(5, 3, parameters=head.parameters), head).double()
    (update,) = Forecasting(head=head).updates({"forecaster": network}, batch(), StepRng(0, 0))
    told = batch()
    forecast = network(told["x"], told["x_marks"], told["y_marks"])
    assert update.optimizer == "forecaster"
    assert torch.equal(update.loss, head.loss(forecast, told["y"]))
    if kind != "point":
        assert update.metrics["mse"].item() == pytest.approx((head.point(forecast) - told["y"]).square().mean().item())


def test_descent_reaches_the_least_squares() -> None:
    head, told = Point("mse"), batch()
    network = Forecaster(Linear(5, 3), head).double()
    optimizer = torch.optim.LBFGS(network.parameters(), max_iter=200, tolerance_grad=1e-12)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        (update,) = Forecasting(head=head).updates({"forecaster": network}, told, StepRng(0, 0))
        update.loss.backward()
        return update.loss

    loss = optimizer.step(closure)
    rows = told["x"].transpose(1, 2).reshape(-1, 5)
    rows = torch.cat((rows, torch.ones(len(rows), 1).double()), 1)
    wanted = told["y"].transpose(1, 2).reshape(-1, 3)
    best = (rows @ torch.linalg.lstsq(rows, wanted).solution - wanted).square().mean()
    assert closure().item() == pytest.approx(best.item(), rel=1e-9)
    assert loss.item() >= best.item()


def test_the_truth_is_given_only_where_it_is_taught() -> None:
    class Asked(torch.nn.Module):
        def forward(self, x: torch.Tensor, x_marks: torch.Tensor, y_marks: torch.Tensor,
                    y: torch.Tensor | None) -> torch.Tensor:
            self.given = y
            return x[:, :3]

    asked = Asked()
    list(Forecasting(head=Point()).updates({"forecaster": asked}, batch(), StepRng(0, 0)))
    assert asked.given is None
    list(Forecasting(head=Point(), taught=True).updates({"forecaster": asked}, batch(), StepRng(0, 0)))
    assert asked.given is not None
