"""Against a fake of the hub's client; no test reaches the network."""

import sys
from pathlib import Path
from typing import Any, ClassVar

import huggingface_hub
import pytest

from genloom.errors import DataError, MissingExtra
from genloom.recipes.interop import hub

FILES = ["unet/config.json", "unet/diffusion_pytorch_model.safetensors", "scheduler/scheduler_config.json", "x.bin"]


class Fake:
    """The part of `HfApi` that is used; what was asked of it stands in `asked`."""

    asked: ClassVar[list[tuple[str, Any]]] = []
    files = FILES
    failure: Exception | None = None

    def list_repo_files(self, name: str, *, revision: str | None) -> list[str]:
        if self.failure is not None:
            raise self.failure
        self.asked.append(("list", (name, revision)))
        return self.files

    def create_repo(self, **options: Any) -> str:
        if self.failure is not None:
            raise self.failure
        self.asked.append(("create", options))
        return f"https://hub.example/{options['repo_id']}"

    def upload_folder(self, **options: Any) -> None:
        self.asked.append(("upload", options))


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> type[Fake]:
    def download(name: str, *, revision: str | None, allow_patterns: list[str]) -> str:
        Fake.asked.append(("download", (name, revision, allow_patterns)))
        return str(tmp_path)

    monkeypatch.setattr(Fake, "asked", [])
    monkeypatch.setattr(huggingface_hub, "HfApi", Fake)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    return Fake


def test_others_say_which_files_they_read(fake: type[Fake]) -> None:
    hub.pull("somebody/something", lambda names: [name for name in names if name.endswith(".bin")])
    assert fake.asked[-1] == ("download", ("somebody/something", None, ["x.bin"]))


def test_what_was_fetched_before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = []

    def download(name: str, *, revision: str | None, local_files_only: bool) -> str:
        asked.append((name, revision, local_files_only))
        if name == "nobody/nothing":
            raise FileNotFoundError(name)
        return str(tmp_path)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    assert hub.kept("somebody/something@v2") == tmp_path
    assert hub.kept("nobody/nothing") is None
    assert asked == [("somebody/something", "v2", True), ("nobody/nothing", None, True)]


def test_only_what_is_read_is_fetched(fake: type[Fake], tmp_path: Path) -> None:
    assert hub.pull("somebody/something@v2") == tmp_path
    wanted = ["unet/config.json", "scheduler/scheduler_config.json", "unet/diffusion_pytorch_model.safetensors"]
    assert fake.asked == [("list", ("somebody/something", "v2")),
                          ("download", ("somebody/something", "v2", wanted))]
    fake.asked.clear()
    hub.pull("somebody/something")
    assert fake.asked[0] == ("list", ("somebody/something", None))


def test_a_model_of_another_kind_is_not_fetched(fake: type[Fake], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fake, "files", ["model.gguf"])
    with pytest.raises(DataError, match="somebody/something: it holds no UNet2DModel"):
        hub.pull("somebody/something")
    assert [what for what, _ in fake.asked] == ["list"]


def test_a_folder_is_put_as_it_is(fake: type[Fake], tmp_path: Path) -> None:
    assert hub.push(tmp_path, "me/mine", private=True) == "https://hub.example/me/mine"
    assert fake.asked[0] == ("create", {"repo_id": "me/mine", "private": True, "exist_ok": True})
    assert fake.asked[1][1]["folder_path"] == str(tmp_path)


@pytest.mark.parametrize("failure", [OSError("offline"), ValueError("bad name"), RuntimeError("401\nsign in")])
def test_what_the_hub_refuses_is_one_line(fake: type[Fake], monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
                                         failure: Exception) -> None:
    monkeypatch.setattr(fake, "failure", failure)
    for act in (lambda: hub.pull("a/b"), lambda: hub.push(tmp_path, "a/b")):
        with pytest.raises(DataError) as caught:
            act()
        assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    for act in (lambda: hub.pull("a/b"), lambda: hub.push(tmp_path, "a/b"), hub.require):
        with pytest.raises(MissingExtra, match=r"genloom\[hub\]"):
            act()
