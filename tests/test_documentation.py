"""Every public name says what it is, what it raises, and shows itself at work; doctest runs the examples."""

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import polymaestro as pm
from polymaestro import export, hardware, networks, plot, sweeping
from polymaestro.errors import PolymaestroError

SHOWN = [pm, networks, pm.dataflows, hardware, plot, sweeping]
"""Modules that a user imports from: each of their functions and classes has an example."""

DOCUMENTED = ["checking", "dataflow", "equations", "loopnest", "model", "proving", "relations", "symbolic"]
DOCUMENTED += ["counting", "export", "movement", "strategies", "tiling", "workload"]
"""Packages whose types a user meets as results: each function, class and method says what it is."""

EXPORTERS = {"Vectorised", "compiled", "forms_to_json"}
"""What one calls in `export` beside its functions to_…, which have examples too."""


def names_of(module: ModuleType) -> list[str]:
    listed: list[str] | None = getattr(module, "__all__", None)
    own = (
        name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__
    )
    return listed or [name for name in own if not name.startswith("_")]


def things(modules: list[ModuleType]) -> Iterator[tuple[str, Any]]:
    """Give every public function and class of some modules, each once."""
    seen: set[int] = set()
    for module in modules:
        for name in names_of(module):
            thing = getattr(module, name)
            if (inspect.isclass(thing) or inspect.isfunction(thing)) and id(thing) not in seen:
                seen.add(id(thing))
                yield f"{module.__name__}.{name}", thing


def members(thing: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Give the public methods and properties that a class defines itself."""
    for name, value in vars(thing).items():
        if isinstance(value, property):
            function = value.fget
        else:
            function = getattr(value, "func", getattr(value, "__func__", value))
        if inspect.isfunction(function) and (not name.startswith("_") or name in {"__getitem__", "__call__"}):
            yield name, function


EVERYTHING = dict(things([*SHOWN, *(importlib.import_module(f"polymaestro.{name}") for name in DOCUMENTED)]))
EXAMPLES = dict(things(SHOWN)) | {
    name: thing
    for name, thing in things([export])
    if name.rpartition(".")[2].startswith("to_") or name.rpartition(".")[2] in EXPORTERS
}


def documented(thing: Any) -> str:
    """Give the docstring that somebody wrote; a dataclass without one is given its signature."""
    text = inspect.cleandoc(thing.__doc__ or "")
    return "" if text.startswith(f"{thing.__name__}(") else text


def raises(function: Callable[..., Any]) -> bool:
    """Whether the function itself raises an error of this library, as its source has it."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except OSError:  # made by a decorator of hypothesis
        return False
    found = (node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise))
    called = (each.func for each in found if isinstance(each, ast.Call))
    return any(isinstance(each, ast.Name) and each.id.endswith("Error") for each in called)


@pytest.mark.parametrize("name", EVERYTHING)
def test_it_says_what_it_is_and_what_it_raises(name: str) -> None:
    thing = EVERYTHING[name]
    assert len(documented(thing)) > 15, name
    functions = list(members(thing)) if inspect.isclass(thing) else [(name, thing)]
    for member, function in functions:
        text = documented(function)
        assert text.endswith((".", ")", '"', ":", "'", "]", "}")) or ">>>" in text, (name, member)
        if raises(function):
            assert "raise" in text.lower() or "refuse" in text.lower(), (name, member)


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_has_an_example_that_doctest_runs(name: str) -> None:
    thing = EXAMPLES[name]
    if inspect.isclass(thing) and issubclass(thing, PolymaestroError) and thing is not PolymaestroError:
        return
    own, module = documented(thing), inspect.getmodule(thing)
    around = (module.__doc__ or "") if module else ""
    assert ">>>" in own or (">>>" in around and thing.__name__ in around), name


def test_the_check_finds_what_is_missing() -> None:
    def silent() -> None:
        message = "no"
        raise PolymaestroError(message)

    assert raises(silent)
    assert not documented(silent)
    assert not raises(documented)


@pytest.mark.parametrize("file", ["README.rst", "proofs/README.rst"])
def test_a_page_renders_without_a_warning(file: str) -> None:
    core = pytest.importorskip("docutils.core")
    text = (Path(__file__).resolve().parent.parent / file).read_text(encoding="utf-8")
    strict = {"report_level": 1, "halt_level": 1, "file_insertion_enabled": False, "raw_enabled": False}
    page = core.publish_string(text, writer="html5", settings_overrides=strict).decode()
    titles = re.findall(r"^(\S.*)\n=+\n(?!=)", text, re.MULTILINE)
    assert len(titles) > 1
    assert all(f">{escape(title, quote=False)}<" in page for title in titles)
