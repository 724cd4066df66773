import json
import shutil
from dataclasses import dataclass, replace

import pytest

from genloom.recipes import pretrained
from genloom.report.figures import canvas
from genloom.studies.cache import ItemCache, borrowed, source_digest
from genloom.studies.context import BEST, Context
from genloom.studies.study import Answer, Study, deliverable
from genloom.training.checkpoint import Checkpoints


@deliverable("S1/a", "Alpha")
def alpha(context):
    return Answer()


TOY = Study(name="toy", title="Toy", summary="", data="none", deliverables=(alpha,))


@pytest.fixture(scope="module")
def made(tmp_path_factory, recipe):
    """A study folder with a run, a figure and an item that came from both."""
    folder = tmp_path_factory.mktemp("made")
    context = Context(folder=folder, study="toy")
    context.run(recipe, "base")
    figure = context.figure(canvas(2, 2)[0], "f", caption="c", alt="a")
    item = alpha.item(Answer(figures=[figure], text=["t"]), 1.5)
    ItemCache(TOY, context).keep(alpha, item, {"base"})
    return folder, item


@pytest.fixture
def kept(tmp_path, made):
    folder, item = made
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return ItemCache(TOY, Context(folder=tmp_path, study="toy")), item


def file(tmp_path):
    return tmp_path / "items" / "S1-a.json"


def test_what_is_kept_is_found(kept):
    cache, item = kept
    assert cache.find(alpha) == item


@pytest.mark.parametrize("change", [{"seed": 1}, {"tier": "gpu"}, {"train": True}])
def test_another_seed_or_tier_is_another_item(kept, tmp_path, change):
    assert ItemCache(TOY, Context(folder=tmp_path, study="toy", **change)).find(alpha) is None


def test_other_options_or_other_data_are_another_item(kept, tmp_path):
    @dataclass(frozen=True)
    class Own:
        text: str = ""

    def found(study, options=None):
        return ItemCache(study, Context(folder=tmp_path, study="toy", options=options)).find(alpha)

    assert found(TOY) == kept[1]
    assert found(TOY, Own("a")) is None
    assert found(replace(TOY, data="another text")) is None


def test_a_best_checkpoint_is_noticed_when_it_is_another(tmp_path, recipe):
    context = Context(folder=tmp_path, study="toy")
    watched = replace(recipe, engine=replace(recipe.engine, evaluate_every=1, save_every=1, keep=4))
    path = context.run(watched, "base", checkpoint="best").path
    item = alpha.item(Answer(text=["t"]), 1.5)
    ItemCache(TOY, context).keep(alpha, item, {BEST + "base"})
    again = ItemCache(TOY, Context(folder=tmp_path, study="toy"))
    assert again.find(alpha) == item
    store = Checkpoints(path / "checkpoints")
    store.point("best", {"step": next(step for step in store.steps() if step != store.best())})
    assert again.find(alpha) is None


def test_a_changed_or_missing_figure_is_noticed(kept, tmp_path):
    picture = tmp_path / "figures" / "f.png"
    raw = picture.read_bytes()
    picture.write_bytes(raw + b"x")
    assert kept[0].find(alpha) is None
    picture.unlink()
    assert kept[0].find(alpha) is None
    picture.write_bytes(raw)
    assert kept[0].find(alpha) is not None


def test_a_changed_or_missing_run_is_noticed(kept, tmp_path):
    (tmp_path / "runs" / "base").rename(tmp_path / "runs" / "gone")
    assert kept[0].find(alpha) is None


def test_a_damaged_checkpoint_is_noticed(kept, tmp_path):
    weights = next((tmp_path / "runs" / "base" / "checkpoints" / "4").glob("*.safetensors"))
    raw = bytearray(weights.read_bytes())
    raw[-1] ^= 1
    weights.write_bytes(raw)
    assert kept[0].find(alpha) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"key": 1}', "null"])
def test_a_damaged_file_is_as_none(kept, tmp_path, text):
    file(tmp_path).write_text(text)
    assert kept[0].find(alpha) is None


def test_every_altered_field_gives_none_or_the_item(kept, tmp_path):
    body = json.loads(file(tmp_path).read_text())
    for key in body:
        for value in (None, 3, "x", [], {"a": 1}):
            file(tmp_path).write_text(json.dumps({**body, key: value}))
            assert kept[0].find(alpha) in (None, kept[1])


def test_the_source_digest_covers_the_study_and_what_computes_it(tmp_path, monkeypatch):
    before = source_digest(TOY)
    assert before == source_digest(TOY)
    module = tmp_path / "toy_study.py"
    module.write_text("from genloom.studies.study import *\nSTUDY = Study(name='t', title='t', summary='', data='',"
                      "deliverables=(deliverable('S1', 't')(lambda context: Answer()),))\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import toy_study

    first = source_digest(toy_study.STUDY)
    module.write_text(module.read_text() + "# changed\n")
    assert first != source_digest(toy_study.STUDY) != before


def test_what_a_study_takes_from_another_counts(tmp_path):
    file = tmp_path / "toy.py"
    file.write_text("from genloom.studies.cats.forward import q_sample\nfrom genloom.studies.square import data\n")
    found = {path.relative_to(path.parents[1]).as_posix() for path in borrowed([file])}
    assert {"cats/forward.py", "cats/work.py", "square/data.py"} <= found  # cats.forward imports cats.work
    assert not any(path.startswith("letters/") for path in found)
    file.write_text("import torch\n")
    assert borrowed([file]) == set()


def test_what_comes_with_genloom_is_noticed_when_it_is_another(tmp_path, known_names, monkeypatch):
    context = Context(folder=tmp_path, study="toy")
    context.shipped(pretrained.load("small-gan").recipe, "small-gan")
    cache = ItemCache(TOY, context)
    item = alpha.item(Answer(text=["t"]), 1.5)
    cache.keep(alpha, item, set(context.used))
    assert cache.shipped == {"small-gan"}
    again = ItemCache(TOY, Context(folder=tmp_path, study="toy"))
    assert again.shipped == set()
    assert again.find(alpha) == item
    assert again.shipped == {"small-gan"}
    other = pretrained.load("small-gan")._replace(digest="0" * 64)
    with monkeypatch.context() as changed:
        changed.setattr(pretrained, "load", lambda name: other)
        assert again.find(alpha) is None
    monkeypatch.setattr(pretrained, "roots", list)
    assert again.find(alpha) is None, "it is not there any more"
