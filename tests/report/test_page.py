import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from genloom.report.page import MAX_PAGE_BYTES, MAX_ROWS, derived, paragraph, question, write_page
from genloom.report.results import Figure, Item, Page, Result, Table, read_results

HOSTILE = "</style><script>alert(1)</script><img src=x onerror=alert(1)>\"' {{ 7*7 }} {% raw %}"


class Reader(HTMLParser):
    """The tags of a page, and whether they are balanced."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.words, self.skip = [], [], [], 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "rect", "line", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def picture(folder, name, size=(40, 30), noise=False):
    path = folder / "figures" / name
    path.parent.mkdir(exist_ok=True)
    pixels = np.random.default_rng(0).integers(0, 255 if noise else 1, (*size[::-1], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return Figure(path=f"figures/{name}", caption=f"Caption of {name}.", alt=f"alt of {name}")


def written(tmp_path, *items, **fields):
    page = Page(**{"title": "A page", "kind": "study", "name": "toy", "facts": (("data", "toy points"), ("seed", "0")),
                   "items": items, **fields})
    path = write_page(page, tmp_path)
    text = path.read_text("utf-8")
    assert len(text.encode()) <= MAX_PAGE_BYTES
    assert read_results(tmp_path / "results.json") == page
    reader = Reader(text)
    assert reader.open == []
    return reader, text


def test_a_page_loads_nothing_and_runs_nothing(tmp_path):
    reader, text = written(tmp_path, Item(number="S1", title="One", figures=(picture(tmp_path, "a.png"),)))
    assert not reader.all("script") + reader.all("link") + reader.all("iframe")
    assert all(image["src"].startswith("data:image/") for image in reader.all("img"))
    assert all(anchor["href"].startswith("#") for anchor in reader.all("a"))
    assert "url(" not in text
    assert "@import" not in text
    policy = next(meta["content"] for meta in reader.all("meta") if meta.get("http-equiv"))
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def test_the_first_line_names_the_data(tmp_path):
    reader, _ = written(tmp_path, Item(number="S1", title="One"))
    body = reader.text.partition("Skip to the content")[2]
    assert body.strip().startswith("data toy points")


def test_pictures_are_inside_and_have_alt_text(tmp_path):
    bare = Figure(path="figures/a.png", caption="Only a caption.", alt="")
    reader, _ = written(tmp_path, Item(number="S1", title="One", figures=(picture(tmp_path, "a.png"), bare)))
    first, second = reader.all("img")
    assert (first["alt"], second["alt"]) == ("alt of a.png", "Only a caption.")
    raw = base64.b64decode(first["src"].partition("base64,")[2])
    assert raw == (tmp_path / "figures/a.png").read_bytes()


def test_every_anchor_leads_somewhere_and_ids_are_unique(tmp_path):
    figures = (picture(tmp_path, "a.png"),)
    items = (Item(number=n, title="t", figures=figures) for n in ("S2.1", "S2.1", "ε", "ε", "a b"))
    reader, _ = written(tmp_path, *items)
    ids = [attrs["id"] for _, attrs in reader.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {anchor["href"][1:] for anchor in reader.all("a")} <= set(ids)
    assert "S2.1" in ids


def test_contents_list_each_item_with_its_verdict(tmp_path):
    good, bad = Result(name="g", value=1.0, status="pass"), Result(name="b", value=1.0, status="fail")
    reader, _ = written(tmp_path, Item(number="S1", title="Alpha", results=(good, good)),
                        Item(number="S2", title="Beta", results=(good, bad)), Item(number="S3", title="Gamma"))
    contents = reader.text.partition("Contents")[2]
    assert contents.strip().startswith("S1 Alpha ✓ 2 of 2 agree S2 Beta ✗ 1 of 2 agree S3 Gamma ● shown")
    assert "3 of 4 numbers agree with their known answer." in reader.text
    assert "not complete" not in reader.text


def test_what_is_missing_cannot_be_overlooked(tmp_path):
    reader, _ = written(tmp_path, Item(number="S2.1", title="Data"),
                        Item(number="S2.7", title="Sampler", status="missing", reason="It was not reached."),
                        Item(number="S2.8", title="Sigma", status="failed", reason="loss is NaN"), complete=False)
    assert "This study is not complete" in reader.text
    assert "1 of 3 items is missing: S2.7 Sampler." in reader.text
    assert "1 of 3 items failed: S2.8 Sigma." in reader.text
    assert "This item is missing. It was not reached." in reader.text
    assert "This item failed. loss is NaN" in reader.text


def test_an_interrupted_run_says_so_at_the_top(tmp_path):
    reader, _ = written(tmp_path, kind="run", complete=False, notice="This run is interrupted at step 3 of 9.")
    assert "This run is not complete • ".replace("• ", "") + "This run is interrupted at step 3 of 9." in reader.text


@pytest.mark.parametrize("path", ["figures/gone.png", "../secret.png", "/etc/passwd", "figures/text.png", "a\0b",
                                  "x" * 5000])
def test_a_picture_that_cannot_be_shown_is_a_visible_hole(tmp_path, path):
    folder = tmp_path / "report"
    (folder / "figures").mkdir(parents=True)
    (folder / "figures" / "text.png").write_text("no picture")
    Image.new("RGB", (4, 4)).save(tmp_path / "secret.png")
    reader, _ = written(folder, Item(number="S1", title="One", figures=(Figure(path=path, caption="c", alt="a"),)))
    assert not reader.all("img")
    assert "This study is not complete" in reader.text


def test_large_pictures_are_made_smaller_and_the_page_says_so(tmp_path):
    figures = tuple(picture(tmp_path, f"{k}.png", (1100, 900), noise=True) for k in range(2))
    reader, _ = written(tmp_path, Item(number="S1", title="One", figures=figures))
    assert reader.text.count("to keep this page small; the whole picture is figures/") == 2
    for image in reader.all("img"):
        with Image.open(io.BytesIO(base64.b64decode(image["src"].partition(",")[2]))) as small:
            small.load()
        assert image["width"] == "880"


def test_hostile_words_are_words(tmp_path):
    result = Result(name=HOSTILE, value=1.0, unit=HOSTILE, known_name=HOSTILE, formula=HOSTILE, source=HOSTILE,
                    tolerance=HOSTILE)
    shown = picture(tmp_path, "a.png")
    item = Item(number=HOSTILE, title=HOSTILE, question=HOSTILE, text=(HOSTILE, f"    {HOSTILE}", f"`{HOSTILE}`"),
                figures=(Figure(path=shown.path, caption=HOSTILE, alt=HOSTILE),), formula=HOSTILE, source=HOSTILE,
                tables=(Table(header=(HOSTILE,), rows=((HOSTILE,),), caption=HOSTILE),), results=(result,))
    gone = Item(number="2", title="t", status="failed", reason=HOSTILE)
    reader, text = written(tmp_path, item, gone, title=HOSTILE, name=HOSTILE, summary=HOSTILE, notice=HOSTILE,
                           complete=False, facts=((HOSTILE, HOSTILE),) * 2, next_commands=(HOSTILE,))
    assert not reader.all("script")
    assert len(reader.all("img")) == 1
    assert not any(name.startswith("on") for _, attrs in reader.tags for name in attrs)
    assert text.count("</style>") == 1
    assert "{{ 7*7 }}" in reader.text


def test_a_result_shows_value_interval_known_answer_n_seeds_and_verdict(tmp_path):
    result = Result(name="ε loss", value=0.82803, known=0.8266, known_name="Bayes optimum", interval=(0.82723, 0.82883),
                    n=200_000, seeds=(0, 1, 2), status="pass", tolerance="within 0.004", accepted=(0.8226, 0.8306))
    reader, _ = written(tmp_path, Item(number="S1", title="One", results=(result,)))
    row = reader.text.partition("Verdict")[2]
    for words in ("ε loss", "0.8280 ± 0.0008", "n = 200\u202f000, seeds 0–2", "0.8266", "Bayes optimum", "✓ agrees",
                  "within 0.004"):
        assert " ".join(words.split()) in row
    marks = [attrs for attrs in reader.all("line") if attrs["class"] == "known"]
    assert 0 < float(marks[0]["x1"]) < 100


def test_long_tables_are_cut_and_say_so(tmp_path):
    table = Table(header=("a", "b"), rows=tuple((str(k), "x", "one too many") for k in range(MAX_ROWS + 5)))
    reader, _ = written(tmp_path, Item(number="S1", title="One", tables=(table,)))
    assert "5 more rows are in results.json." in reader.text


def test_an_empty_page_is_a_page(tmp_path):
    written(tmp_path, facts=())


def test_a_page_is_a_function_of_its_content(tmp_path):
    item = Item(number="S1", title="One", figures=(picture(tmp_path, "a.png"),))
    assert written(tmp_path, item)[1] == written(tmp_path, item)[1]


def test_colours_have_contrast_on_both_grounds():
    from importlib.resources import files

    css = (files("genloom.report") / "templates" / "style.css").read_text("utf-8")
    for block in re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]:
        color = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
        pairs = [(name, f"{name}-wash") for name in ("pass", "fail", "info", "hole")]
        for ink, ground in [("ink", "paper"), ("soft", "paper"), ("accent", "paper"), ("soft", "wash"), *pairs]:
            assert contrast(color[ink], color[ground]) >= 4.5, (ink, ground)


def contrast(a, b):
    """WCAG 2.2's contrast ratio."""
    def luminance(color):
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_paragraphs():
    assert paragraph("a < b") == "<p>a &lt; b</p>"
    assert paragraph("    x = 1\n\n    y = 2") == "<pre>x = 1\n\ny = 2</pre>"
    assert paragraph("an `a``b` c") == "<p>an <code>a</code><code>b</code> c</p>"
    assert paragraph("") == "<p></p>"


def test_a_derivation_has_formulas_in_words_and_formulas_of_their_own():
    assert derived("It is $x_0$.").startswith("<p>It is <math")
    assert derived("$$x = 1$$").startswith('<div class="display"><math')
    assert 'display="block"' in derived("$$x = 1$$")


def test_a_formula_that_cannot_be_read_stays_as_it_was_written():
    assert derived(r"$$\foo < 1$$") == r"<p><code>$$\foo &lt; 1$$</code></p>"
    assert question("5 $ < 6") == "5 $ &lt; 6"


def test_a_page_shows_a_derivation(tmp_path):
    item = Item(number="S9.1", title="A sum", question="What is $1 + 1$?", derivation=("Count.", "$$1 + 1 = 2$$"))
    text = write_page(Page(title="t", kind="study", name="n", items=(item,)), tmp_path).read_text()
    assert text.count("<math") == 2
    assert Reader(text).tags
    assert read_results(tmp_path / "results.json").items[0].derivation == item.derivation
