"""What tests build on: exports in a few lines, candidates, releases, servers; and where things are."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
SAMPLE = ROOT / "data" / "raw" / "sample"
REAL_DATA = ROOT.parent / "shared" / "data"
# without them one test of each is there to be skipped, with the reason
REAL_FILES = sorted(str(p.relative_to(REAL_DATA)) for p in REAL_DATA.glob("*/*.csv.gz")) or ["no real export"]
