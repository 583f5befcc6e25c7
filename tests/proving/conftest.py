"""Files that are no modules of a package, as modules."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def module_of() -> Callable[[str], ModuleType]:
    """Give what loads a file of the checkout, which may import its neighbours, by its path."""

    def load(path: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(str((ROOT / path).parent))
            patch.setitem(sys.modules, spec.name, module)  # where dataclasses look for their annotations
            spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session")
def replay(module_of: Callable[[str], ModuleType]) -> ModuleType:
    return module_of("proofs/replay.py")
