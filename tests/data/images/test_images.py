import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from genloom.data import store
from genloom.data.images.images import digits_at_hand, has_test, images
from genloom.data.images.imageset import split
from genloom.errors import DataError, InputError, UnknownName


def real() -> Path:
    return Path(os.environ["GENLOOM_DATA"])


@pytest.mark.parametrize(("source", "train", "test"), [("digits", 1438, 359), ("shapes", 2000, 500)])
@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_built_in_has_both_parts(source: str, train: int, test: int, channels: int) -> None:
    for part, count in (("train", train), ("test", test)):
        got = images(source, size=16, channels=channels, split=part)  # type: ignore[arg-type]
        assert got.pictures.shape == (count, channels, 16, 16)
        assert got.labels is not None
        assert int(got.labels.max()) == got.classes - 1
    assert has_test(source)


@pytest.mark.parametrize(("size", "zoom", "stored"), [(32, 1.12, 36), (64, 1.12, 72), (16, 1.0, 16), (16, 1.01, 16)])
def test_pictures_are_stored_with_room_for_random_cuts(tree: Callable[..., Path], size: int, zoom: float,
                                                       stored: int) -> None:
    assert images("folder", folder=tree("a.png"), size=size, zoom=zoom).size == stored


def test_pictures_of_a_folder_come_with_their_classes_and_the_known_levels(tree: Callable[..., Path]) -> None:
    got = images("folder", folder=tree("b/0.png", "b/1.png", "a/2.png", "a/3.png"), size=8)
    assert got.labels is not None
    found = {int(picture[0, 0, 0]): got.class_names[int(label)]
             for picture, label in zip(got.pictures, got.labels, strict=True)}
    assert found == {0: "b", 1: "b", 2: "a", 3: "a"}
    assert all((picture == picture[0, 0, 0]).all() for picture in got.pictures)


def test_a_folder_and_its_zip_give_the_same_set(tree: Callable[..., Path], tmp_path: Path) -> None:
    root = tree(*(f"{kind}/{i}.png" for kind in ("cat", "dog") for i in range(5)))
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as stream:
        for path in root.rglob("*.png"):
            stream.write(path, path.relative_to(tmp_path))
    assert images("folder", folder=root, size=8).digest == images("folder", folder=tmp_path / "z.zip", size=8).digest


def test_a_category_of_afhqs_layout_is_taken_alone_from_each_part(tree: Callable[..., Path]) -> None:
    root = tree("train/cat/0.png", "train/dog/1.png", "test/cat/2.png", "test/wild/3.png")
    assert has_test("folder", root)
    cats = images("folder", folder=root, size=8, category="cat")
    assert cats.pictures.unique().tolist() == [0]
    assert images("folder", folder=root, size=8, category="cat", split="test").pictures.unique().tolist() == [2]
    with pytest.raises(UnknownName, match="did you mean 'wild'"):
        images("folder", folder=root, size=8, category="wlid")


def test_a_changed_file_changes_the_set_and_an_unchanged_folder_is_not_read_again(
        tree: Callable[..., Path], png: Callable[..., bytes], cache: Path) -> None:
    root = tree("0.png", "1.png")
    first = images("folder", folder=root, size=8)
    assert images("folder", folder=root, size=8).digest == first.digest
    assert len(list(cache.glob("images/*/pictures.u8"))) == 1
    (root / "0.png").write_bytes(png("white"))
    assert images("folder", folder=root, size=8).digest != first.digest
    assert images("folder", folder=root, size=9).digest != first.digest


def test_bad_files_are_named_or_refused(tree: Callable[..., Path], png: Callable[..., bytes]) -> None:
    root = tree("good.png")
    (root / "cut.png").write_bytes(png()[:60])
    (root / "text.jpg").write_text("hello")
    (root / "dot.png").write_bytes(png("red", size=3))
    got = images("folder", folder=root, size=8)
    assert len(got) == 1
    assert {line.partition(":")[0] for line in got.skipped} == {"cut.png", "text.jpg", "dot.png"}
    with pytest.raises(DataError, match=r"cut\.png.*text\.jpg|text\.jpg.*cut\.png"):
        images("folder", folder=root, size=8, strict=True)
    (root / "good.png").unlink()
    with pytest.raises(DataError, match="no picture can be read; 3 files"):
        images("folder", folder=root, size=8)


@pytest.mark.parametrize(("given", "words"), [
    ({"source": "cat64"}, "did you mean 'cats64'"), ({"size": 7}, "data.size"), ({"size": 2000}, "data.size"),
    ({"channels": 2}, "data.channels"), ({"zoom": 0.9}, "data.zoom"), ({"zoom": float("nan")}, "data.zoom"),
    ({"split": "val"}, "split")])
def test_a_bad_value_is_refused_by_its_name(given: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        images(**{"source": "shapes", "size": 8, **given})  # type: ignore[arg-type]
    with pytest.raises(UnknownName, match="mnist"):
        has_test("minst")


def test_mnist_is_taken_when_at_hand_and_otherwise_the_reason_is_given(monkeypatch: pytest.MonkeyPatch,
                                                                       tmp_path: Path) -> None:
    monkeypatch.delenv("GENLOOM_DATA", raising=False)
    chosen, why = digits_at_hand()
    assert chosen == "digits"
    assert "MNIST cannot be used: mnist/train-images-idx3-ubyte.gz" in why
    monkeypatch.setattr(store, "locate", lambda *_: {"train": tmp_path / "train"})
    assert digits_at_hand() == ("mnist", f"MNIST, from {tmp_path}")
    monkeypatch.undo()
    with pytest.raises(InputError, match="data-root"):
        digits_at_hand(tmp_path / "nowhere")


def test_a_failed_download_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(_: str) -> None:
        raise DataError("cannot be reached")

    monkeypatch.setattr(store, "fetch", offline)
    assert digits_at_hand(fetch=True) == (
        "digits", "scikit-learn's 1,797 digits of 8 × 8 pixels, because MNIST cannot be used: cannot be reached")


def test_two_processes_with_different_hash_seeds_make_the_same_set(tree: Callable[..., Path]) -> None:
    root = tree(*(f"{kind}/{i}.png" for kind in "abc" for i in range(4)))
    code = ("import sys; from pathlib import Path; from genloom.data import store; from genloom.data.images.images "
            "import images; store.cache = lambda: Path(sys.argv[2]); print(images('folder', folder=sys.argv[1], "
            "size=8).digest)")
    other = subprocess.run([sys.executable, "-c", code, str(root), str(root.parent / "other-cache")], check=True,
                           capture_output=True, text=True, env={**os.environ, "PYTHONHASHSEED": "1"}).stdout
    assert other.strip() == images("folder", folder=root, size=8).digest


@pytest.mark.real_data
def test_the_cats_are_all_read() -> None:
    got = images("cats64", size=32, zoom=1.12, data_root=real())
    assert got.pictures.shape == (2000, 3, 36, 36)
    assert (got.labels, got.skipped) == (None, ())
    assert not has_test("cats64")
    train, kept = split(got, 0.15)
    assert (len(train), len(kept)) == (1700, 300)
    assert 90 < got.pictures.float().mean() < 150
    with pytest.raises(InputError, match="no test part"):
        images("cats64", size=32, data_root=real(), split="test")
    with pytest.raises(InputError, match=r"cats64 has no classes|one of"):
        images("cats64", size=32, data_root=real(), category="tabby")


@pytest.mark.real_data
def test_mnist_is_read_with_its_own_split() -> None:
    train = images("mnist", size=28, channels=1, data_root=real())
    test = images("mnist", size=28, channels=1, data_root=real(), split="test")
    assert (len(train), len(test)) == (60_000, 10_000)
    assert train.labels is not None
    assert torch.bincount(train.labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert train.pictures.double().mean() / 255 == pytest.approx(0.1307, abs=5e-5)  # as widely used
    threes = images("mnist", size=32, channels=3, data_root=real(), category="3", split="test")
    assert threes.pictures.shape == (1010, 3, 32, 32)
    assert digits_at_hand(real())[0] == "mnist"


@pytest.mark.real_data
def test_afhq_cats_of_512_pixels_shrink_without_aliasing() -> None:
    got = images("folder", folder=real() / "afhq_ref", size=64, zoom=1.12)
    whole = images("folder", folder=real() / "afhq_ref", size=512)
    assert got.pictures.shape == (15, 3, 72, 72)
    assert whole.pictures.shape == (15, 3, 512, 512)
    area = torch.nn.functional.interpolate(whole.pictures.float(), (72, 72), mode="area")
    assert (area - got.pictures.float()).abs().mean() < 4
