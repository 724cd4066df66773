"""A probe calls whatever is called like a forecaster, and says what is wrong with what is not."""

import pytest
import torch
import zoo
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.forecasting.audit.probe import Probe, taken, windows_of
from genloom.training.source import TensorSource


def batch(count: int = 3) -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(0)
    sizes = {"x": (zoo.L, zoo.C), "y": (zoo.H, zoo.C), "x_marks": (zoo.L, zoo.M), "y_marks": (zoo.H, zoo.M)}
    return {name: torch.randn(count, *size, generator=draw) for name, size in sizes.items()}


class Positional(nn.Module):
    def forward(self, history: Tensor, known: Tensor, coming: Tensor) -> Tensor:
        return history[:, -1:] + coming[..., : zoo.C]


class Starred(nn.Module):
    def forward(self, *given: Tensor) -> Tensor:
        assert len(given) == 4
        return given[0][:, : zoo.H]


class Ordered(nn.Module):
    def forward(self, x: Tensor, y: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        return x[:, : zoo.H] if y is None else y


def test_arguments_are_known_by_name_or_place() -> None:
    assert taken(zoo.Linear()) == ("x",)
    assert taken(zoo.Dropping()) == ("x", "x_marks", "y_marks", "y")
    assert taken(Positional()) == ("x", "x_marks", "y_marks")
    assert taken(Starred()) == ("x", "x_marks", "y_marks", "y")
    assert taken(Ordered()) == ("x", "y")


@pytest.mark.parametrize("make", [Positional, Starred, Ordered])
def test_models_are_called_by_their_own_arguments(make: type[nn.Module]) -> None:
    given = batch()
    probe = Probe(make(), given)
    assert probe.forecast.shape == given["y"].shape
    if make is Ordered:
        assert torch.equal(probe.call(truth=given["y"]), given["y"])


def test_the_first_of_a_tuple_is_the_forecast() -> None:
    class WithWeights(zoo.Linear):
        def forward(self, x: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
            return super().forward(x), None

    assert Probe(WithWeights(), batch()).forecast.shape == (3, zoo.H, zoo.C)


def test_the_same_draw_is_the_same_dropout() -> None:
    probe = Probe(zoo.Dropping(), batch())
    first, again, other = (probe.call(training=True, draw=draw) for draw in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(probe.call(), probe.forecast)


def test_double_models_get_double_windows() -> None:
    assert Probe(zoo.Linear().double(), batch()).forecast.dtype == torch.float64


def test_windows_are_spread_over_the_source() -> None:
    source = TensorSource({"x": torch.arange(101.0)})
    assert windows_of(source, 5)["x"].tolist() == [0, 25, 50, 75, 100]
    assert len(windows_of(source, 500)["x"]) == 101


def test_refused_are_other_calls_shapes_and_what_cannot_be_copied() -> None:
    with pytest.raises(InputError, match=r"callable as model\(x, x_marks, y_marks, y=None\).*RuntimeError"):
        Probe(nn.Linear(zoo.C + 1, 2), batch())
    with pytest.raises(InputError, match=r"a forecast of shape \(3, 12, 3\)"):
        Probe(nn.Identity(), batch())

    class Broken(zoo.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) / 0

    with pytest.raises(InputError, match="108 of 108 forecasts not finite"):
        Probe(Broken(), batch())

    class Stuck(zoo.Linear):
        def __deepcopy__(self, memo: object) -> "Stuck":
            raise RuntimeError("no copies")

    with pytest.raises(InputError, match="no copies"):
        Probe(Stuck(), batch())


class Writing(zoo.Linear):
    """Sound, but it writes into what it is given."""

    def forward(self, x: Tensor) -> Tensor:
        x += 1
        return super().forward(x)


class Leaving(zoo.Linear):
    def forward(self, x: Tensor) -> Tensor:
        raise SystemExit(0)


def test_what_a_model_writes_into_its_input_is_gone_at_the_next_call() -> None:
    given = batch()
    probe = Probe(Writing(), given)
    assert torch.equal(probe.call(), probe.forecast)
    assert torch.equal(probe.batch["x"], given["x"])


def test_a_model_cannot_end_the_audit_and_must_return_floats() -> None:
    with pytest.raises(InputError, match="it raises SystemExit: 0"):
        Probe(Leaving(), batch())

    class Counting(zoo.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x).int()

    with pytest.raises(InputError, match=r"torch\.int32"):
        Probe(Counting(), batch())
