import genloom.metrics


def test_every_public_name_resolves() -> None:
    for name in genloom.metrics.__all__:
        assert getattr(genloom.metrics, name) is not None
        assert not hasattr(getattr(genloom.metrics, name), "__path__")
