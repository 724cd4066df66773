"""Every kind of attention in a decoder that is taught: the audit fails those that are known to leak, and no other."""

import pytest
import torch
import zoo

from genloom.forecasting.attending import Attending
from genloom.forecasting.attention.kinds import KINDS
from genloom.forecasting.attention.options import Options
from genloom.forecasting.audit import audit
from genloom.forecasting.audit.future import FUTURE, FUTURE_TRAINING
from genloom.forecasting.audit.protocol import MASKED
from genloom.forecasting.windows import Windows

CAUSAL = [name for name, kind in KINDS.items() if kind.causal]


@pytest.fixture(scope="module")
def windows() -> Windows:
    draw = torch.Generator().manual_seed(0)
    values, marks = torch.randn(200, zoo.C, generator=draw).cumsum(0) / 5, torch.rand(200, zoo.M, generator=draw) - 0.5
    return Windows(values, marks, 100, 200, zoo.L, zoo.H)


@pytest.mark.parametrize("name", CAUSAL)
def test_kinds_that_leak_fail_and_others_pass(windows: Windows, name: str) -> None:
    torch.manual_seed(0)
    attending = Attending(name, causal=True, options=Options(factor=1.0, features=16))
    found = {check.name for check in audit(zoo.Taught(zoo.WithAttending(attending)), windows)
             if check.verdict == "fail"}
    assert found == ({FUTURE, FUTURE_TRAINING, MASKED} if KINDS[name].leaks else set())
