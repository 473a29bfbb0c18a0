"""Formulas of the pages as MathML, which browsers show without a script or a network.

A Markdown extension: `$...$` in a line and `$$...$$` as a paragraph are LaTeX.
"""

from typing import Any
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element
from markdown import Extension, Markdown
from markdown.inlinepatterns import InlineProcessor


class Formula(InlineProcessor):
    """Puts a formula's MathML into the page."""

    def __init__(self, pattern: str, display: str) -> None:
        super().__init__(pattern)
        self.display = display

    def handleMatch(self, m: Any, data: str) -> tuple[Element, int, int]:
        """The element in the place of the match, as Markdown asks."""
        made: Element = convert_to_element(m[1].strip(), display=self.display)
        return made, m.start(0), m.end(0)


class Formulas(Extension):
    """`$...$` and `$$...$$`, before Markdown reads their underscores and backslashes."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Register both, before Markdown's own rules, but for code's."""
        md.inlinePatterns.register(Formula(r"\$\$((?:.|\n)+?)\$\$", "block"), "formula", 186)
        md.inlinePatterns.register(
            Formula(r"\$([^\s$](?:[^$]*[^\s$])?)\$", "inline"), "symbol", 185
        )


def makeExtension(**settings: Any) -> Formulas:
    """What Markdown calls."""
    return Formulas(**settings)
