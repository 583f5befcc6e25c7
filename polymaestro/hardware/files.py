"""Hardware files: MAESTRO's own and YAML, told apart by the name of the file."""

from __future__ import annotations

from pathlib import Path

from polymaestro.dataflow.scanner import read_source
from polymaestro.hardware.machine import Hardware
from polymaestro.hardware.maestro import parse_maestro


def parse_hardware(text: str, *, file: str = "<text>") -> Hardware:
    """Read a hardware description: YAML in files named .yaml or .yml, MAESTRO's format in others.

    Raises `HardwareError` for unknown fields and impossible values, `LanguageError` for text that is
    neither format.

    >>> parse_hardware("num_pes: 256, noc_bw_cstr: 32").noc_bw
    32
    """
    if file.endswith((".yaml", ".yml")):
        from polymaestro.hardware.described import parse_yaml  # noqa: PLC0415  YAML only where it is used

        return parse_yaml(text, file=file)
    return parse_maestro(text, file=file)


def load_hardware(path: str | Path) -> Hardware:
    """Read a hardware file, or standard input for ``-``; raises as `parse_hardware` does.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "machine.yaml"
    ...     _ = file.write_text("{num_pes: 256, noc_bw: B}")
    ...     load_hardware(file) == Hardware(256, noc_bw="B")
    True
    """
    text, name = read_source(path)
    return parse_hardware(text, file=name)
