"""What every kind of attention promises."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from genloom.errors import InputError, UnknownName
from genloom.forecasting.attention.kinds import KINDS, attend, weights
from genloom.forecasting.attention.options import Options

Three = Callable[..., tuple[Tensor, Tensor, Tensor]]
CAUSAL = [name for name, kind in KINDS.items() if kind.causal and not kind.leaks]
CASES = [(name, causal) for name, kind in KINDS.items() for causal in (False, True) if kind.causal or not causal]
FEW = Options(factor=1.5)


@pytest.mark.parametrize("length", [1, 2, 40, 150])
@pytest.mark.parametrize(("name", "causal"), CASES)
def test_the_matrix_is_what_is_applied(three: Three, name: str, causal: bool, length: int) -> None:
    q, k, v = three(length)
    found, matrix = (attend(name, q, k, v, causal=causal, options=FEW), weights(name, q, k, causal=causal, options=FEW))
    torch.testing.assert_close(found, matrix @ v, rtol=1e-11, atol=1e-12)
    if KINDS[name].sums:
        torch.testing.assert_close(matrix.sum(3), torch.ones_like(matrix[..., 0]), rtol=1e-11, atol=0)
    if KINDS[name].sums or not causal:
        assert (matrix >= 0).all()


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.cross])
@pytest.mark.parametrize(("length", "keys"), [(12, 31), (31, 12)])
def test_queries_of_another_length(three: Three, name: str, length: int, keys: int) -> None:
    q, k, v = three(length, keys)
    found = attend(name, q, k, v, options=FEW)
    assert found.shape == q.shape
    torch.testing.assert_close(found, weights(name, q, k, options=FEW) @ v, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(("name", "causal"), CASES)
def test_gradients_are_those_of_finite_differences(three: Three, name: str, causal: bool) -> None:
    tensors = three(9, batch=1, heads=2, size=3)
    options = Options(factor=1.0, features=5, stride=3)
    assert torch.autograd.gradcheck(lambda *x: attend(name, *x, causal=causal, options=options), tensors)


@pytest.mark.parametrize("name", CAUSAL)
@pytest.mark.parametrize("scale", [1.0, 60.0])
def test_what_comes_later_changes_nothing_before(three: Three, name: str, scale: float) -> None:
    q, k, v = (x.detach().float() for x in three(200, scale=scale, heads=2))
    before = attend(name, q, k, v, causal=True)
    for x in (q, k, v):
        x[:, :, 130:] = x[:, :, 130:] * -7 + 3
    after = attend(name, q, k, v, causal=True)
    assert before.isfinite().all()
    assert torch.equal(before[:, :, :130], after[:, :, :130])
    assert not torch.allclose(before[:, :, 130:], after[:, :, 130:])


@pytest.mark.parametrize("name", CAUSAL)
def test_every_query_sees_its_own_step_and_the_first_sees_no_other(three: Three, name: str) -> None:
    q, k, v = three(20)
    matrix = weights(name, q, k, causal=True)
    torch.testing.assert_close(attend(name, q, k, v, causal=True)[:, :, 0], v[:, :, 0])
    assert (matrix.diagonal(dim1=2, dim2=3) > 0).all()


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if not kind.leaks])
def test_a_sample_knows_nothing_of_its_batch(three: Three, name: str) -> None:
    q, k, v = three(40, batch=5)
    options = Options(factor=2.0, training=True)
    alone = [attend(name, *(x[i : i + 1] for x in (q, k, v)), options=options) for i in range(5)]
    torch.testing.assert_close(attend(name, q, k, v, options=options), torch.cat(alone), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(("name", "causal"), CASES)
def test_half_precision_stays_near(three: Three, name: str, causal: bool) -> None:
    q, k, v = (x.detach() for x in three(70, batch=1))
    found = attend(name, *(x.bfloat16() for x in (q, k, v)), causal=causal)
    assert found.dtype == torch.bfloat16
    right = attend(name, *(x.bfloat16().double() for x in (q, k, v)), causal=causal)
    assert (found.double() - right).norm() / right.norm() < (0.2 if "published" in name else 0.03)


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.drops])
def test_dropout_hides_weights_in_training_alone_and_keeps_the_mean(three: Three, name: str) -> None:
    q, k, v = (x.detach() for x in three(12, batch=1, heads=1))
    sure = attend(name, q, k, v, options=Options(dropout=0.5))
    assert torch.equal(sure, attend(name, q, k, v))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        mean = torch.stack([attend(name, q, k, v, options=Options(dropout=0.5, training=True))
                            for _ in range(800)]).mean(0)
    assert not torch.equal(mean, sure)
    torch.testing.assert_close(mean, sure, rtol=0, atol=0.25)


def test_what_a_kind_cannot_do_is_refused(three: Three) -> None:
    q, k, v = three(6)
    longer = three(6, 9)
    refused = [
        lambda: attend("local", *longer), lambda: attend("autocorrelation", q, k, v, causal=True),
        lambda: attend("performer", q, k, v, mask=torch.ones(6, 6, dtype=torch.bool)),
        lambda: attend("linear", q, k, v, options=Options(dropout=0.1, training=True)),
        lambda: attend("performer", *longer, causal=True), lambda: attend("full", longer[1], q, q, causal=True),
        lambda: attend("full", q, longer[1], v), lambda: attend("full", q[0], k[0], v[0]),
        lambda: weights("full", q, k[..., :2]),
    ]
    for call in refused:
        with pytest.raises(InputError):
            call()
    with pytest.raises(UnknownName, match="did you mean 'performer'"):
        attend("perfomer", q, k, v)


def test_every_kind_says_what_it_is() -> None:
    for name, kind in KINDS.items():
        assert kind.name == name
        assert kind.summary
        assert kind.cost.startswith("L")
        assert "20" in kind.source
