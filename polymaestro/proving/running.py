"""Files of statements: found, loaded and run."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path

from polymaestro.errors import PolymaestroError, did_you_mean
from polymaestro.proving.verdicts import Statement


class ProofError(PolymaestroError):
    """Statements that cannot be found or loaded."""


def load_statements(folder: Path) -> dict[str, Statement]:
    """Load every statement of the Python files in a folder, in the order of files and lines.

    Raises `ProofError` when there is no such folder, no statement in it, or two of one name.
    """
    if not folder.is_dir():
        message = (
            f"no folder {str(folder)!r} with statements; run this at the root of the repository "
            f"or name the folder: polymaestro prove --folder PATH"
        )
        raise ProofError(message)
    found: dict[str, Statement] = {}
    for file in sorted(folder.glob("*.py")):
        for each in _loaded(file):
            if each.name in found:
                message = f"{file}: a second statement is named {each.name!r}"
                raise ProofError(message)
            found[each.name] = each
    if not found:
        message = f"no statements in {str(folder)!r}"
        raise ProofError(message)
    return found


def _loaded(file: Path) -> list[Statement]:
    """Run a file, which may import its neighbours, and give the statements that it makes."""
    spec = importlib.util.spec_from_file_location(f"polymaestro_proofs.{file.stem}", file)
    if spec is None or spec.loader is None:
        message = f"cannot load {file}"
        raise ProofError(message)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for what their annotations name
    sys.path.insert(0, str(file.parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        message = f"{file} does not load: {type(error).__name__}: {error}"
        raise ProofError(message) from error
    finally:
        sys.path.remove(str(file.parent))
    return [each for each in vars(module).values() if isinstance(each, Statement)]


def chosen(statements: dict[str, Statement], names: Iterable[str]) -> list[Statement]:
    """Give the statements of these names, or all.

    Raises `ProofError` for an unknown name.
    """
    wanted = [name.replace("_", "-") for name in names]
    for name in wanted:
        if name not in statements:
            message = f"no statement {name!r}"
            raise ProofError(message + did_you_mean(name, statements))
    return [statements[name] for name in wanted] or list(statements.values())
