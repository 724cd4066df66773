"""A head is its formula; spectral normalisation takes what it is asked to and rests in eval."""

from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.nn.gan.shape import GanShape
from genloom.nn.gan.verdict import Head, Verdict, wrapped
from genloom.training.precision import InPrecision, for_inference


def made(**options: Any) -> Head:
    torch.manual_seed(0)
    return Head(GanShape(**{"labels": 4, **options}), 5).double()


def features(count: int = 3) -> Tensor:
    return torch.randn(count, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


SETS = torch.tensor([[0.0, 1, 0, 1], [1, 0, 0, 0], [0, 0, 0, 0]], dtype=torch.float64)


def test_without_labels_it_is_one_linear_layer() -> None:
    head, f = made(), features()
    verdict = head(f)
    assert verdict.logits.shape == (3,)
    assert verdict.labels is None
    assert verdict.code is None
    torch.testing.assert_close(verdict.logits, f @ head.logit.weight[0] + head.logit.bias)
    assert torch.equal(head(f, SETS).logits, verdict.logits)


def test_projection_adds_the_sum_of_the_inner_products_with_each_label() -> None:
    """[Miyato & Koyama 2018, Eq. 3], written out for sets of labels; no label adds nothing."""
    head, f = made(judging="projection"), features()
    vectors = cast(nn.Linear, head.embedding).weight.T
    plain = f @ head.logit.weight[0] + head.logit.bias
    expected = plain + torch.stack([f[0] @ (vectors[1] + vectors[3]), f[1] @ vectors[0], torch.zeros(()).double()])
    torch.testing.assert_close(head(f, SETS).logits, expected)


def test_projection_without_labels_is_refused() -> None:
    with pytest.raises(InputError, match="y = None: must be labels"):
        made(judging="projection")(features())


@pytest.mark.parametrize(("judging", "projected", "auxiliary"), [
    ("none", False, False), ("planes", False, False), ("projection", True, False), ("auxiliary", False, True),
    ("projection+auxiliary", True, True)])
def test_what_is_said_is_what_was_asked_for(judging: str, projected: bool, auxiliary: bool) -> None:
    head = made(judging=judging, read=7)
    verdict = head(features(), SETS)
    assert (head.embedding is not None, verdict.labels is not None) == (projected, auxiliary)
    assert auxiliary == (verdict.labels is not None and verdict.labels.shape == (3, 4))
    assert verdict.code.shape == (3, 7)


def test_a_verdict_is_still_one_in_half_precision() -> None:
    head = Head(GanShape(labels=4, judging="auxiliary"), 5)
    verdict = for_inference(head, "bf16-mixed")(features().float())
    assert isinstance(for_inference(head, "bf16-mixed"), InPrecision)
    assert isinstance(verdict, Verdict)
    assert verdict.code is None
    assert verdict.logits.dtype == verdict.labels.dtype == torch.float32


@pytest.mark.parametrize(("spectral", "generator", "expected"), [
    ("none", False, False), ("none", True, False), ("discriminator", False, True), ("discriminator", True, False),
    ("both", False, True), ("both", True, True)])
def test_the_networks_that_are_asked_for_are_normalised(spectral: Any, generator: bool, expected: bool) -> None:
    layer = wrapped(GanShape(spectral=spectral), generator=generator)(nn.Linear(3, 4))
    assert hasattr(layer, "parametrizations") == expected


def test_normalised_weights_have_norm_one() -> None:
    head = made(judging="projection+auxiliary", spectral="discriminator")
    for _ in range(100):
        head(features(), SETS)
    head.eval()
    for layer in (head.logit, head.embedding, head.labels):
        assert torch.linalg.matrix_norm(layer.weight, 2).item() == pytest.approx(1, abs=1e-6)


def test_the_estimate_of_the_norm_moves_in_training_and_rests_in_eval() -> None:
    head, f = made(judging="auxiliary", spectral="discriminator"), features()
    state = {name: value.clone() for name, value in head.state_dict().items()}
    head.eval()
    assert torch.equal(head(f).labels, head(f).labels)
    assert all(torch.equal(value, state[name]) for name, value in head.state_dict().items())
    head.train()(f)
    moved = {name for name, value in head.state_dict().items() if not torch.equal(value, state[name])}
    assert moved
    assert all(name.endswith(("_u", "_v")) for name in moved)


def test_first_weights_are_given_before_the_norm_is_taken() -> None:
    """All weights 2 in (1, 5) have norm 2√5, so normalised ones are 1/√5 from the first call on."""

    def twos(layer: nn.Linear) -> nn.Module:
        nn.init.constant_(layer.weight, 2.0)
        return layer

    shape = GanShape(labels=4, judging="projection+auxiliary", read=2, spectral="discriminator")
    head = Head(shape, 5, twos).eval()
    torch.testing.assert_close(head.logit.weight, torch.full((1, 5), 5**-0.5))
    torch.testing.assert_close(head.embedding.weight, torch.full((5, 4), 20**-0.5))
    torch.testing.assert_close(head.labels.weight, torch.full((4, 5), 20**-0.5))
    assert (head.code.weight == 2).all()
