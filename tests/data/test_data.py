import genloom.data


def test_every_public_name_resolves() -> None:
    for name in genloom.data.__all__:
        assert getattr(genloom.data, name) is not None
        assert not hasattr(getattr(genloom.data, name), "__path__")
