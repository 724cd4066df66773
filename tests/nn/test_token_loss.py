"""The loss is the mean cross-entropy with its gradients, and the logits of all rows never exist at once."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from genloom.nn.token_loss import log_probs, rows_at_once, token_loss


def problem(rows: int, vocabulary: int, width: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, ...]:
    random = torch.Generator().manual_seed(0)
    hidden = torch.randn(rows, width, generator=random, dtype=dtype)
    weight = 0.3 * torch.randn(vocabulary, width, generator=random, dtype=dtype)
    return hidden.requires_grad_(), weight.requires_grad_(), torch.randint(vocabulary, (rows,), generator=random)


def with_gradients(loss: Tensor, *inputs: Tensor) -> tuple[Tensor, ...]:
    return loss, *torch.autograd.grad(3 * loss, inputs)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-14)])
@pytest.mark.parametrize("rows", [1, 7, 256, 700])
def test_it_is_the_cross_entropy_with_its_gradients(rows: int, dtype: torch.dtype, tolerance: float) -> None:
    hidden, weight, targets = problem(rows, 4096, 8, dtype)
    assert rows_at_once(4096) == 256
    found = with_gradients(token_loss(hidden, weight, targets), hidden, weight)
    expected = with_gradients(F.cross_entropy(hidden @ weight.T, targets), hidden, weight)
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=10 * tolerance, atol=tolerance)


def test_targets_below_0_are_left_out() -> None:
    hidden, weight, targets = problem(20, 11, 4, torch.float64)
    some = targets.clone()
    some[::3] = -1
    some[1] = -100
    kept = some >= 0
    found = with_gradients(token_loss(hidden, weight, some), hidden, weight)
    expected = with_gradients(F.cross_entropy(hidden[kept] @ weight.T, targets[kept]), hidden, weight)
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b)
    assert token_loss(hidden, weight, torch.full_like(targets, -1)).isnan()


def test_under_autocast_the_products_are_rounded_and_the_sums_are_not() -> None:
    hidden, weight, targets = problem(600, 4096, 32)
    exact = with_gradients(F.cross_entropy(hidden @ weight.T, targets), hidden, weight)
    with torch.autocast("cpu", torch.bfloat16):
        found = with_gradients(token_loss(hidden, weight, targets), hidden, weight)
        usual = with_gradients(F.cross_entropy(hidden @ weight.T, targets), hidden, weight)
    assert [f.dtype for f in found] == [torch.float32] * 3
    assert found[0] != exact[0]
    for a, b, c in zip(found, exact, usual, strict=True):
        assert (a - b).norm() < max(0.01 * b.norm(), 1.2 * (c - b).norm())


def test_a_probability_that_underflows_has_a_finite_loss() -> None:
    hidden = torch.tensor([[1.0]], requires_grad=True)
    weight = torch.tensor([[0.0], [500.0]])
    loss, gradient = with_gradients(token_loss(hidden, weight, torch.tensor([0])), hidden)
    assert loss == 500
    assert gradient == 1500


def test_only_the_gradients_that_are_wanted_are_computed() -> None:
    hidden, weight, targets = problem(5, 11, 4)
    loss = token_loss(hidden, weight.detach(), targets)
    torch.testing.assert_close(torch.autograd.grad(loss, hidden)[0],
                               torch.autograd.grad(F.cross_entropy(hidden @ weight.detach().T, targets), hidden)[0])
    loss = token_loss(hidden.detach(), weight, targets)
    torch.testing.assert_close(torch.autograd.grad(loss, weight)[0],
                               torch.autograd.grad(F.cross_entropy(hidden.detach() @ weight.T, targets), weight)[0])
    with torch.no_grad():
        assert not token_loss(hidden, weight, targets).requires_grad


def test_the_backward_pass_may_run_again_but_not_be_differentiated() -> None:
    hidden, weight, targets = problem(5, 11, 4)
    loss = token_loss(hidden, weight, targets)
    first = torch.autograd.grad(loss, hidden, retain_graph=True)[0]
    assert torch.equal(torch.autograd.grad(loss, hidden)[0], first)
    squared = token_loss(hidden, weight, targets) ** 2
    (gradient,) = torch.autograd.grad(squared, hidden, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()


class _Largest(TorchDispatchMode):
    """Watches how many numbers the largest tensor has that an operation returns, for each precision."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: dict[torch.dtype, int] = {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for tensor in out if isinstance(out, tuple | list) else (out,):
            if isinstance(tensor, Tensor):
                self.numbers[tensor.dtype] = max(self.numbers.get(tensor.dtype, 0), tensor.numel())
        return out


@pytest.mark.parametrize("bfloat16", [False, True])
def test_the_logits_of_all_rows_never_exist_at_once(bfloat16: bool) -> None:
    hidden, weight, targets = problem(2048, 4096, 8)
    with _Largest() as ours, torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        with_gradients(token_loss(hidden, weight, targets), hidden, weight)
    with _Largest() as usual:
        with_gradients(F.cross_entropy(hidden @ weight.T, targets), hidden, weight)
    assert usual.numbers[torch.float32] == 2048 * 4096
    assert max(ours.numbers.values()) == rows_at_once(4096) * 4096 == 2048 * 4096 / 8


def test_log_probs_are_those_of_the_targets() -> None:
    logits = torch.tensor([[[0.0, math.log(3)], [1000.0, 0.0]]])
    found = log_probs(logits, torch.tensor([[1, 1]]))
    torch.testing.assert_close(found, torch.tensor([[math.log(0.75), -1000.0]]))
    assert log_probs(logits.bfloat16(), torch.tensor([[0, -1]])).dtype == torch.float32
    assert log_probs(logits.bfloat16(), torch.tensor([[0, -1]]))[0, 1] == 0
    assert log_probs(logits.double(), torch.tensor([[1, 1]])).dtype == torch.float64


def test_more_rows_at_once_for_a_small_vocabulary_and_on_an_accelerator() -> None:
    assert [rows_at_once(v) for v in (256, 1024, 50257)] == [4096, 1024, 256]
    assert [rows_at_once(v, "cuda") for v in (1024, 50257)] == [65536, 1335]
