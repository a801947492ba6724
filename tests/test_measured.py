"""The page of what was measured says what its results say."""

from __future__ import annotations

from xml.etree import ElementTree

from tests.benchmarks import peers_page


def test_the_page_has_the_figures_of_the_results() -> None:
    """The tables of the page are those made from the results that are kept beside it."""
    text = peers_page.PAGE.read_text(encoding="utf-8")
    assert peers_page.page(peers_page.read(), text) == text
    assert peers_page.tables(peers_page.read()) in text


def test_the_plot_has_the_figures_of_the_results() -> None:
    """The plot is the one made from the results, and well-formed."""
    plot = peers_page.PLOT.read_text(encoding="utf-8")
    assert peers_page.plot(peers_page.read()) == plot
    ElementTree.fromstring(plot)
