import base64
import io

import numpy as np
from PIL import Image

from genloom.report.pictures import embed_pictures


def save(folder, name, size, noise=True):
    pixels = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels if noise else np.zeros_like(pixels)).save(folder / name)


def test_what_fits_is_the_file_itself(tmp_path):
    save(tmp_path, "a.png", (120, 60))
    (picture,) = embed_pictures(tmp_path, ["a.png"], 10**6)
    assert base64.b64decode(picture.uri.partition(",")[2]) == (tmp_path / "a.png").read_bytes()
    assert (picture.width, picture.height, picture.note, picture.problem) == (96, 48, "", "")


def test_the_largest_shrinks_first_and_the_budget_holds(tmp_path):
    save(tmp_path, "big.png", (400, 400))
    save(tmp_path, "small.png", (40, 40))
    big, small = embed_pictures(tmp_path, ["big.png", "small.png"], 150_000)
    assert len(big.uri) + len(small.uri) <= 150_000
    assert big.note
    assert not small.note
    assert (big.width, big.height) == (320, 320)


def test_what_cannot_be_made_small_enough_is_left_out_and_says_so(tmp_path):
    save(tmp_path, "a.png", (300, 300))
    (picture,) = embed_pictures(tmp_path, ["a.png"], 100)
    assert not picture.uri
    assert "left out" in picture.problem


def test_a_bomb_is_not_opened(tmp_path):
    Image.new("1", (20_000, 20_000)).save(tmp_path / "bomb.png")
    (picture,) = embed_pictures(tmp_path, ["bomb.png"], 10**7)
    assert "no picture that can be shown" in picture.problem


def test_other_kinds_of_picture_are_welcome(tmp_path):
    for kind in ("JPEG", "GIF", "WEBP"):
        Image.new("RGB", (8, 8)).save(tmp_path / kind, format=kind)
    found = embed_pictures(tmp_path, ["JPEG", "GIF", "WEBP"], 10**6)
    assert [p.uri.partition(";")[0] for p in found] == ["data:image/jpeg", "data:image/gif", "data:image/webp"]


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path):
    inside = tmp_path / "report"
    inside.mkdir()
    save(tmp_path, "secret.png", (4, 4))
    (inside / "link.png").symlink_to(tmp_path / "secret.png")
    (picture,) = embed_pictures(inside, ["link.png"], 10**6)
    assert "outside" in picture.problem


def test_a_truncated_picture_is_a_problem_in_words(tmp_path):
    save(tmp_path, "a.png", (50, 50))
    raw = (tmp_path / "a.png").read_bytes()
    for cut in range(0, len(raw), 97):
        (tmp_path / "a.png").write_bytes(raw[:cut])
        (picture,) = embed_pictures(tmp_path, ["a.png"], 10**6)
        assert picture.problem or Image.open(io.BytesIO(raw[:cut])).size == (50, 50)
