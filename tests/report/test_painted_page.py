"""A page of painted sentences loads nothing and escapes everything."""

from pathlib import Path

from genloom.report.figures import canvas, save_figure
from genloom.report.painted_page import Panel, Section, write_painted
from genloom.report.painting import Cell
from genloom.report.results import Figure, Table


def test_the_page_holds_all_of_it(tmp_path: Path) -> None:
    drawing, _ = canvas(2, 1)
    figure = save_figure(drawing, tmp_path / "one.png", {}, caption="A <caption>", alt="an alt text")
    lost = Figure(path="lost.png", caption="lost", alt="lost")
    sections = [Section("Where <b>", (Panel("a title", (Cell("walnut", 0.5, "50 %"),), "a note"),), ("a paragraph",)),
                Section("Numbers", tables=(Table(header=("word", "n"), rows=(("walnut", "1"),), caption="a table"),))]
    path = write_painted(tmp_path / "page.html", heading="A & B", lead="the lead", facts=[("model", "m")],
                         sections=sections, figures=[figure, lost])
    text = path.read_text("utf-8")
    for part in ("A &amp; B", "the lead", "a note", "Where &lt;b&gt;", "a title", "walnut", "50 %",
                 "<p>a paragraph</p>", "a table", "A &lt;caption&gt;", "an alt text", "data:image/png;base64,",
                 "default-src 'none'"):
        assert part in text
    for part in ("http://", "https://", "<script", "lost"):
        assert part not in text
