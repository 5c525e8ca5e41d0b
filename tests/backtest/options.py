"""What the commands of this folder take."""

import argparse
from pathlib import Path

from tests.builders import REAL_DATA


def options(prog: str, about: str | None) -> argparse.Namespace:
    """Read the page to write into, `out`, and the folder of the real exports, `data`."""
    parser = argparse.ArgumentParser(prog=prog, description=about)
    parser.add_argument(
        "--out", type=Path, default=Path("docs/method.md"), help="page whose generated part is replaced"
    )
    parser.add_argument("--data", type=Path, default=REAL_DATA, help="folder of the real exports, one folder a source")
    return parser.parse_args()
