"""genloom's own kinds beside the definitions of their papers."""

import pytest

from genloom.forecasting.attention import own
from genloom.forecasting.attention.kinds import KINDS
from genloom.forecasting.attention.own import Own, check_kind


@pytest.mark.parametrize(("name", "causal"), [(name, causal) for name, kind in KINDS.items()
                                              for causal in (False, True) if kind.causal or not causal])
def test_every_kind_is_its_definition(name: str, causal: bool) -> None:
    found = check_kind(name, causal)
    assert found.right
    assert max(found.relative_error, found.matrix_error) < 1e-6
    assert (found.future == 0) == (causal and not KINDS[name].leaks)
    assert (found.full == 0) == (name in ("full", "materialised"))


def test_an_error_or_a_leak_is_not_right() -> None:
    assert Own("full", True, 1e-7, 1e-7, 0.0, 0.0).right
    assert not Own("full", True, 1e-3, 1e-7, 0.0, 0.0).right
    assert not Own("full", True, 1e-7, 1e-7, 1e-9, 0.0).right
    assert Own("full", False, 1e-7, 1e-7, 5.0, 0.0).right
    assert Own("probsparse-published", True, 1e-7, 1e-7, 0.5, 0.0).right


def test_all_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "check_kind", lambda name, causal: (name, causal))
    assert len(own.check_kinds()) == 2 * len(KINDS) - 1
