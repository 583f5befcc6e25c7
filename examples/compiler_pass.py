"""A compiler pass that picks tiles with costs exported from here, and needs nothing of polymaestro.

The pass gets the shapes of matrix products. For each it evaluates the exported formulas of some candidate
tilings and takes the cheapest whose tile fits the memory of a PE. The formulas are derived once; their code
is plain Python on integers, without imports, and exact at any size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polymaestro as pm

PES = 64
WORDS = 4096
TILES = [(1, 1, 1024), (4, 4, 256), (8, 8, 64), (16, 16, 64), (32, 32, 64), (8, 64, 32)]
Tile = tuple[int, int, int]


def derive(tile: Tile) -> pm.Analysis:
    """Derive a product with rows over the PEs, each with a tile of rows, columns and steps."""
    rows, columns, depth = tile
    flow = f"SpatialMap({rows},{rows}) M; TemporalMap({columns},{columns}) N; TemporalMap({depth},{depth}) K"
    return pm.analyze(pm.gemm(), pm.parse_dataflow(flow), PES)


def quantities(analysis: pm.Analysis) -> dict[str, pm.ClosedForm]:
    """Give what the pass asks for: words of traffic, and words in a PE."""
    tensors = {name: analysis["L2"][name] for name in "ABZ"}
    moved = ("parent_reads", "parent_updates", "read_backs")
    forms = {
        f"{name}_{key}": each.forms[key]
        for name, each in tensors.items()
        for key in moved
        if key in each.forms
    }
    return forms | {f"{name}_held": each.occupancy for name, each in tensors.items()}


# ---- at build time: derive, and write the code -------------------------------------------------------

analyses = {tile: derive(tile) for tile in TILES}
modules = {tile: pm.export.to_python(quantities(analysis)) for tile, analysis in analyses.items()}
assert not any("import" in text for text in modules.values())
print(f"{len(modules)} modules, {sum(text.count(chr(10)) for text in modules.values())} lines")

# ---- in the compiler: load the code, and choose ------------------------------------------------------


def load(text: str) -> dict[str, Callable[..., int]]:
    """Run the code that was written, and give its functions."""
    space: dict[str, Callable[..., int]] = {}
    exec(text, space)  # noqa: S102  the code was written above
    return {name: space[name] for name in space if name[0] in "ABZ"}


functions = {tile: load(text) for tile, text in modules.items()}


def cost(tile: Tile, shape: Mapping[str, int]) -> tuple[int, int]:
    """Give traffic and words held."""
    values = {name: function(**shape) for name, function in functions[tile].items()}
    held = sum(value for name, value in values.items() if name.endswith("_held"))
    return sum(values.values()) - held, held


def choose(shape: Mapping[str, int]) -> Tile:
    """Give the tile of least traffic among those that fit."""
    fitting = [tile for tile in TILES if cost(tile, shape)[1] <= WORDS]
    return min(fitting, key=lambda tile: cost(tile, shape)[0])


shapes = {
    layer.name: {"M": sizes["N"], "N": sizes["K"], "K": sizes["C"]}
    for layer in pm.networks.transformer_encoder().layers
    if layer.type == "FC"
    for sizes in [layer.numbers()]
}
shapes["one row"] = {"M": 1, "N": 32_000, "K": 1024}
for name, shape in shapes.items():
    tile = choose(shape)
    traffic, held = cost(tile, shape)
    print(f"{name:12} {shape}: tile {tile}, {traffic} words moved, {held} held")
    # What the pass computed is what the library says, and what was chosen is the best.
    for other in TILES:
        report = analyses[other].at(shape).boundaries[0].tensors
        exact = sum(
            counts.get(key, 0)
            for counts in report.values()
            for key in ("parent_reads", "parent_updates", "read_backs")
        )
        assert cost(other, shape) == (exact, sum(counts["occupancy"] for counts in report.values()))
        assert traffic <= exact or cost(other, shape)[1] > WORDS
assert len({choose(shape) for shape in shapes.values()}) > 1, "the best tile depends on the shape"
