import numpy as np
import pytest

from genloom.data.images.labelsets import NAMES
from genloom.data.scenes.scene import CLEVR, SIZES, Look, compose
from genloom.errors import InputError, UnknownName


def test_objects_are_those_asked_for_the_first_in_the_middle_and_none_near_another() -> None:
    for seed in range(60):
        names = [NAMES[i] for i in np.random.default_rng(seed).choice(24, 1 + seed % 6, replace=False)]
        scene = compose(names, seed, CLEVR)
        assert [body.name for body in scene.bodies] == names
        assert (scene.bodies[0].x, scene.bodies[0].y) == (0, 0)
        places = np.array([(body.x, body.y) for body in scene.bodies])
        away = np.linalg.norm(places[:, None] - places[None], axis=-1) + 10 * np.eye(len(places))
        assert away.min() > 2.4
        assert abs(places).max() < 3.3


def test_a_scene_is_a_function_of_its_seed_and_begins_as_that_of_fewer_objects_does() -> None:
    names = ["red cube", "gray sphere", "cyan cylinder"]
    scene, again, other = compose(names, 5), compose(names, 5), compose(names, 6)
    assert scene.bodies == again.bodies
    assert (scene.camera.place == again.camera.place).all()
    assert scene.bodies[1:] != other.bodies[1:]
    assert scene.first(2).bodies == compose(names[:2], 5).bodies
    assert [lamp.place.tolist() for lamp in scene.lamps] == [lamp.place.tolist() for lamp in again.lamps]


def test_all_sizes_and_materials_of_a_look_come_about_equally_often() -> None:
    bodies = [body for seed in range(150) for body in compose(["red cube", "blue cube"], seed, CLEVR).bodies]
    assert 0.4 < np.mean([body.size == SIZES["small"] for body in bodies]) < 0.6  # 300 draws: 3.4 standard errors
    assert 0.4 < np.mean([body.material == "metal" for body in bodies]) < 0.6
    assert {(body.size, body.material) for body in compose(["red cube"], 0).bodies} == {(0.7, "rubber")}


def test_without_jitter_camera_and_lamps_stand_still() -> None:
    still = Look(camera_jitter=0, lamp_jitter=0)
    one, two = compose(["red cube"], 1, still), compose(["red cube"], 2, still)
    assert (one.camera.place == two.camera.place).all()
    assert all((a.place == b.place).all() for a, b in zip(one.lamps, two.lamps, strict=True))


def test_mistakes_are_named() -> None:
    with pytest.raises(UnknownName, match="did you mean 'red cube'"):
        compose(["red cubes"], 0)
    for names in ([], ["red cube", "red cube"], list(NAMES[:7])):
        with pytest.raises(InputError, match="one to 6 objects"):
            compose(names, 0)


@pytest.mark.parametrize(("given", "words"), [
    ({"sizes": ()}, r"look\.sizes"), ({"materials": ("wood",)}, r"look\.materials"), ({"samples": 0}, r"look\.samples"),
    ({"camera_jitter": -1}, r"look\.camera_jitter"), ({"grain": float("nan")}, r"look\.grain")])
def test_a_look_that_cannot_be_is_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Look(**given)  # type: ignore[arg-type]
