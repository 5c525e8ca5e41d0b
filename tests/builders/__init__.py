"""What tests build on: exports in a few lines, candidates, releases, servers; and where things are."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
SAMPLE = ROOT / "data" / "raw" / "sample"
REAL_DATA = ROOT.parent / "shared" / "data"
