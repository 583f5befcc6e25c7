"""Hardware files: MAESTRO's own and YAML, told apart by the name of the file."""

from __future__ import annotations

from pathlib import Path

from polymaestro.dataflow.scanner import read_source
from polymaestro.errors import HardwareError, did_you_mean
from polymaestro.hardware.machine import Hardware
from polymaestro.hardware.maestro import parse_maestro
from polymaestro.hardware.presets import PRESETS


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
    """Read a hardware file, standard input for ``-``, or give a machine known by name, as ``eyeriss``.

    Raises as `parse_hardware` does, and `HardwareError` for what is neither a file nor a name.

    >>> load_hardware("eyeriss").num_pes
    168
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "machine.yaml"
    ...     _ = file.write_text("{num_pes: 256, noc_bw: B}")
    ...     load_hardware(file) == Hardware(256, noc_bw="B")
    True
    """
    if isinstance(path, str) and path != "-" and not Path(path).exists():
        if path in PRESETS:
            return PRESETS[path]
        message = f"{path!r} is no file and no machine known by name{did_you_mean(path, PRESETS)}"
        raise HardwareError(message)
    text, name = read_source(path)
    return parse_hardware(text, file=name)
