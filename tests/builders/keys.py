"""The disclosure key of all tests, so that releases in different folders can be compared."""

from pathlib import Path


def write_key(folder: Path) -> Path:
    """Write it as only its owner can read it; return the file."""
    path = folder / "disclosure.key"
    path.write_text("0123456789abcdef" * 4, encoding="ascii")
    path.chmod(0o600)
    return path
