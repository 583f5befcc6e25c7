"""The report as a LaTeX document that compiles as it is; each table can be copied from it."""

from __future__ import annotations

from polymaestro.model.paper.grids import Cell, Grid
from polymaestro.model.paper.report import Paper
from polymaestro.symbolic.to_sympy import latex_of_condition
from polymaestro.symbolic.written import Written

HEAD = r"""\documentclass{article}
\usepackage[utf8]{inputenc}
\usepackage[a4paper,landscape,margin=15mm]{geometry}
\usepackage{amsmath,booktabs,graphicx}
\setlength{\parindent}{0pt}
\setlength{\parskip}{1ex}
% A table that is wider than the line is scaled to fit.
\newcommand{\fitted}[1]{\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{#1}}
\begin{document}"""
SIGNS = {
    "\\": r"\textbackslash{}",
    "→": r"$\to$",
    "·": r"$\cdot$",
    "σ": r"$\sigma$",
    "δ": r"$\delta$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "⌈": r"$\lceil$",
    "⌉": r"$\rceil$",
    "⌊": r"$\lfloor$",
    "⌋": r"$\rfloor$",
    "×": r"$\times$",
    "−": "$-$",
    "–": "--",
    "…": r"\dots{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
} | {sign: f"\\{sign}" for sign in "_%&#{}$"}


def latex(paper: Paper) -> str:
    """Write the report as a document of booktabs tables."""
    lines = [HEAD, rf"\section*{{{escaped(paper.title)}}}"]
    lines.append(rf"\texttt{{{escaped(paper.computation)}}}")
    extents = paper.extents.replace("·", r" \cdot ")
    lines += [f", ${extents}$"] * bool(extents)
    lines += ["", r"\begin{verbatim}"]
    lines += [*paper.dataflow, r"\end{verbatim}"]
    lines += [f"Note: {escaped(note)}.\n" for note in paper.notes]
    if paper.parameters:
        lines.append(
            rf"Parameters: ${', '.join(paper.parameters)}$, where ${latex_of_condition(paper.valid_on)}$."
        )
    if not paper.case.is_everywhere:
        lines += ["", rf"Formulas: in the case where ${latex_of_condition(paper.where)}$."]
    for grid in paper.grids:
        lines += ["", r"\medskip", *_table(grid)]
    named = (f"{key.replace('_', ' ')}: {value}" for key, value in paper.policies.items())
    return "\n".join([*lines, "", escaped(f"Policies: {'; '.join(named)}."), r"\end{document}"])


def escaped(text: str) -> str:
    r"""Write plain text as LaTeX.

    >>> print(escaped("L2 → L1, 5%"))
    L2 $\to$ L1, 5\%
    """
    return "".join(SIGNS.get(sign, sign) for sign in text)


def _table(grid: Grid) -> list[str]:
    """Keep the title, the table and its note on one page."""
    rows = [_row(row) for row in grid.rows]
    return [
        r"\begin{minipage}{\linewidth}",
        rf"\textbf{{{escaped(grid.title)}}}\par\smallskip",
        r"\fitted{%",
        rf"\begin{{tabular}}{{{'l' * len(grid.head)}}}",
        r"\toprule",
        " & ".join(map(escaped, grid.head)) + r" \\",
        r"\midrule",
        *rows,
        r"\bottomrule",
        r"\end{tabular}}",
        *([rf"\par\smallskip{{\small {escaped(grid.note)}}}"] * bool(grid.note)),
        r"\end{minipage}\par",
    ]


def _row(row: tuple[Cell, ...]) -> str:
    """Give fractions the room above and below that a line of text lacks."""
    text = " & ".join(map(_cell, row))
    return rf"\rule{{0pt}}{{4ex}}{text} \\[2ex]" if "frac" in text else rf"{text} \\"


def _cell(cell: Cell) -> str:
    return f"${cell.latex}$" if isinstance(cell, Written) else escaped(cell)
