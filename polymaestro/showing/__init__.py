"""How results show themselves: tables, and what an interpreter and a notebook display."""

from polymaestro.showing.mixins import Shown, Tabled, in_math, page
from polymaestro.showing.tables import STYLE, Row, Table, escaped

__all__ = ["STYLE", "Row", "Shown", "Table", "Tabled", "escaped", "in_math", "page"]
