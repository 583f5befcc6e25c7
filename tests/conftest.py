"""What every test may ask for: reference data, golden text, and hypothesis at the right speed."""

import difflib
import importlib.util
import os
import random
from collections.abc import Callable
from pathlib import Path

import hypothesis
import islpy
import pytest

import polymaestro as pm

pytest.register_assert_rewrite("tests.interpreted")
from tests.interpreted import assert_equal  # noqa: E402  what it asserts is shown in full

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden"

_profile = "ci" if os.environ.get("CI") else "dev"
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.register_profile("dev", deadline=None, max_examples=25)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or _profile)


EXAMPLES_NEED = {"polymaestro/plot/": "matplotlib", "polymaestro/proving/smt.py": "z3"}
"""Where doctests need an optional extra."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/golden anew")
    parser.addoption("--full", action="store_true", help="random runs at the size of the stated claims")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The long runs first, so that they do not begin when the other workers are done.
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    for place, needed in EXAMPLES_NEED.items():
        if importlib.util.find_spec(needed) is None:
            for item in items:
                if item.nodeid.startswith(place):
                    item.add_marker(pytest.mark.skip(reason=f"these examples need {needed}"))
    if hasattr(islpy.Set, "card"):
        return
    for item in items:
        if item.get_closest_marker("barvinok"):
            item.add_marker(pytest.mark.skip(reason="this islpy is built without barvinok"))


@pytest.fixture(scope="session")
def reference() -> Path:
    """Give the folder of data that the project did not make, or skip the test where it is absent."""
    chosen = os.environ.get("POLYMAESTRO_REFERENCE")
    folder = Path(chosen) if chosen else ROOT.parent / "shared" / "reference"
    if folder.is_dir():
        return folder
    if chosen:
        pytest.fail(f"POLYMAESTRO_REFERENCE names {chosen!r}, which is not a folder")
    pytest.skip("no reference data (POLYMAESTRO_REFERENCE may name its folder)")


@pytest.fixture
def check_formulas() -> Callable[..., None]:
    """Compare an analysis with the interpreter at random extents, small ones first."""

    def check(operator: pm.Operator, text: str, num_pes: int, *, points: int, most: int = 20) -> None:
        flow = pm.parse_dataflow(text)
        analysis = pm.analyze(operator, flow, num_pes)
        assert set(analysis.symbols) == set(operator.symbols)
        rng = random.Random(text)
        for index in range(points):
            point = {name: rng.randint(1, min(most, index + 2)) for name in analysis.symbols}
            numbers = operator.with_extents({d.name: d.extent.evaluate(point) for d in operator.dims})
            assert_equal(analysis.at(point), pm.interpret(numbers, flow, num_pes))

    return check


@pytest.fixture(scope="session")
def full(pytestconfig: pytest.Config) -> bool:
    """Tell whether the longest random runs are wanted whole, which takes many minutes."""
    return bool(pytestconfig.getoption("--full"))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with tests/golden/NAME; `pytest --update-golden` writes it instead."""
    update = bool(request.config.getoption("--update-golden"))

    def assert_golden(name: str, text: str) -> None:
        file = GOLDEN / name
        if update:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
            return
        if not file.is_file():
            pytest.fail(
                f"tests/golden/{name} is missing; write it with --update-golden and read it", pytrace=False
            )
        kept = file.read_text(encoding="utf-8")
        if kept != text:
            lines = (kept.splitlines(), text.splitlines())
            diff = difflib.unified_diff(*lines, f"tests/golden/{name}", "now", lineterm="")
            pytest.fail("\n".join(diff) or f"tests/golden/{name} differs in its line ends", pytrace=False)

    return assert_golden
