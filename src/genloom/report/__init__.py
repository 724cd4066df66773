"""Reports: numbers beside their known answers, figures with what they came from, and one self-contained HTML page."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "Result": "results", "Figure": "results", "Table": "results", "Item": "results", "Page": "results",
    "to_json": "results", "from_json": "results", "read_results": "results", "write_results": "results",
    "number": "numbers", "measured": "numbers", "judge": "numbers", "near": "numbers", "at_most": "numbers",
    "at_least": "numbers", "canvas": "figures", "small_multiples": "figures", "save_figure": "figures",
    "styled": "figures", "read_provenance": "provenance", "write_page": "page",
    "grid": "grids", "rows_figure": "grids", "rows_of": "grids", "save_grid": "grids", "show_grid": "grids",
})  # fmt: skip
