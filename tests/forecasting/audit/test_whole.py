"""The zoo: each broken forecaster fails the check of its fault and no other, and sound ones fail none."""

from collections.abc import Callable

import pytest
import torch
import zoo
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.forecasting.attending import Attending
from genloom.forecasting.audit import audit
from genloom.forecasting.audit.future import FUTURE, FUTURE_TRAINING
from genloom.forecasting.audit.protocol import COUNTED, MASKED
from genloom.forecasting.audit.samples import COMPANY, PERMUTED, TWICE
from genloom.forecasting.windows import Windows

SOUND: dict[str, Callable[[], nn.Module]] = {
    "linear": zoo.Linear, "dropout in training": zoo.Dropping, "batch norm": zoo.BatchNorm,
    "recurrent": lambda: zoo.Taught(zoo.Recurrent()), "causal": lambda: zoo.Taught(zoo.Attention()),
    "performer": lambda: zoo.Taught(zoo.Performer(all_keys=False)), "a mask": lambda: zoo.Masked(used=True),
    "attending": lambda: zoo.Taught(zoo.WithAttending(Attending(causal=True))),
}

BROKEN: dict[str, tuple[Callable[[], nn.Module], set[str]]] = {
    "batch norm over time": (lambda: zoo.Taught(zoo.OverTime(batch=True)), {FUTURE_TRAINING}),
    "instance norm over time": (lambda: zoo.Taught(zoo.OverTime(batch=False)), {FUTURE, FUTURE_TRAINING}),
    "centred moving average": (zoo.CentredAverage, {FUTURE, FUTURE_TRAINING}),
    "no mask": (lambda: zoo.Taught(zoo.Attention(causal=False)), {FUTURE, FUTURE_TRAINING}),
    "masked after the softmax": (lambda: zoo.Taught(zoo.MaskedTooLate()), {FUTURE, FUTURE_TRAINING}),
    "no shift": (lambda: zoo.Taught(zoo.Attention(), shifted=False), {FUTURE, FUTURE_TRAINING}),
    "ProbSparse as published": (lambda: zoo.Taught(zoo.ProbSparse()), {FUTURE, FUTURE_TRAINING}),
    "Performer, maximum of all keys": (lambda: zoo.Taught(zoo.Performer(all_keys=True)), {FUTURE, FUTURE_TRAINING}),
    "dropout in eval": (lambda: zoo.Dropping(always=True), {TWICE}),
    "a state": (zoo.Remembering, {TWICE}),
    "normalised by others": (zoo.NormalisedByOthers, {COMPANY}),
    "reshaped": (zoo.Mixed, {PERMUTED, COMPANY}),
    "a mask that is not used": (lambda: zoo.Masked(used=False), {MASKED}),
    "a deaf attention": (lambda: zoo.Taught(zoo.WithAttending(zoo.Deaf(causal=True))),
                         {FUTURE, FUTURE_TRAINING, MASKED}),
}


@pytest.fixture(scope="module")
def windows() -> Windows:
    draw = torch.Generator().manual_seed(0)
    values, marks = torch.randn(200, zoo.C, generator=draw).cumsum(0) / 5, torch.rand(200, zoo.M, generator=draw) - 0.5
    return Windows(values, marks, 100, 200, zoo.L, zoo.H)


def failing(model: nn.Module, windows: Windows) -> set[str]:
    return {check.name for check in audit(model, windows) if check.verdict == "fail"}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", SOUND)
def test_sound_forecasters_pass(windows: Windows, name: str, seed: int) -> None:
    torch.manual_seed(seed)
    assert failing(SOUND[name](), windows) == set()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", BROKEN)
def test_broken_forecasters_fail_the_check_of_their_fault(windows: Windows, name: str, seed: int) -> None:
    torch.manual_seed(seed)
    make, expected = BROKEN[name]
    assert failing(make(), windows) == expected


def test_every_failure_has_a_number_beyond_its_tolerance_and_a_remedy(windows: Windows) -> None:
    for name, (make, _) in BROKEN.items():
        torch.manual_seed(0)
        for check in audit(make(), windows):
            assert check.done, name
            assert bool(check.remedy) == (check.verdict in ("fail",) or "mend that first" in check.remedy), name
            if check.verdict == "fail" and check.name != MASKED:
                assert check.number is not None
                assert check.number > 10 * check.tolerance, (name, check)


def test_sound_forecasters_stay_far_below_the_tolerance(windows: Windows) -> None:
    for name, make in SOUND.items():
        torch.manual_seed(0)
        for check in audit(make(), windows):
            if check.verdict == "pass" and check.name not in (MASKED, COUNTED):
                assert check.number is not None
                assert check.number <= check.tolerance / 10 or check.number == 0, (name, check)


def test_a_random_model_makes_checks_of_the_batch_unclear(windows: Windows) -> None:
    torch.manual_seed(0)
    verdicts = {check.name: check.verdict for check in audit(zoo.Dropping(always=True), windows)}
    assert verdicts[PERMUTED] == verdicts[COMPANY] == "unclear"
    assert verdicts[FUTURE] == "pass"


def test_the_model_is_left_as_it_was(windows: Windows) -> None:
    model = zoo.BatchNorm().train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    state = torch.get_rng_state()
    audit(model, windows)
    assert model.training
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)


def test_an_audit_twice_says_the_same(windows: Windows) -> None:
    torch.manual_seed(0)
    model = zoo.Taught(zoo.ProbSparse())
    assert audit(model, windows) == audit(model, windows)


def test_two_windows_are_the_least(windows: Windows) -> None:
    with pytest.raises(InputError, match="at least 2"):
        audit(zoo.Linear(), windows, count=1)


class Fussy(zoo.Linear):
    """Raises for another batch size, where it is given y, and in training."""

    def forward(self, x: Tensor, x_marks: Tensor, y_marks: Tensor, y: Tensor | None = None) -> Tensor:  # type: ignore[override]
        if len(x) != 4 or y is not None or self.training:
            raise ValueError("not like this")
        return super().forward(x)


def test_a_check_that_a_model_does_not_survive_is_told_and_the_others_go_on(windows: Windows) -> None:
    found = {check.name: check for check in audit(Fussy(), windows, count=4)}
    for name in (FUTURE, FUTURE_TRAINING):
        assert found[name].verdict == "unclear"
        assert found[name].said == "it raises ValueError: not like this"
    assert found[COMPANY].verdict == "fail"
    assert found[PERMUTED].verdict == found[TWICE].verdict == "pass"
