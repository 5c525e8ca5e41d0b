"""`python -m tests.licences > docs/licences.md`: the licence of everything that `pip install salary-bands` brings."""

import re
from importlib.metadata import PackageNotFoundError, distribution

from tests.builders import ROOT

LOCKS = {"user": "what users get", "dev": "only what developers get"}
ALLOWED = re.compile(
    r"\b(Apache|MIT|BSD|ISC|PSF|Python Software Foundation|MPL|Mozilla|Unlicense|CC0|Zlib|0BSD|HPND|LGPL|Artistic|"
    r"public domain)\b",
    re.IGNORECASE,
)
# what says nothing readable of itself, or more than one thing
KNOWN = {
    "pycountry": "LGPL-2.1-only (imported, not changed)",
    "text-unidecode": "Artistic License (or GPL), developers only",
}
HEAD = """# Licences

Written by `python -m tests.licences`; a test fails if it is stale, or if a licence is none of those that we know to be
compatible with MIT. Packages of other systems than Linux are not listed.
"""


def licences(lock: str) -> dict[str, str]:
    """Return the licence of each installed package that a lock file names, by name."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    names = re.findall(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==", text, re.MULTILINE)
    found = {}
    for name in sorted({n.lower() for n in names}):
        try:
            found[name] = KNOWN.get(name) or _licence(name)
        except PackageNotFoundError:
            continue
    return found


def _licence(name: str) -> str:
    metadata = distribution(name).metadata
    if expression := metadata.get("License-Expression"):
        return str(expression)
    classifiers = [c.rpartition(" :: ")[2] for c in metadata.get_all("Classifier") or [] if c.startswith("License ::")]
    said = (metadata.get("License") or "").strip().splitlines()
    known = [c for c in classifiers if c != "OSI Approved"]
    if known:
        return ", ".join(sorted(set(known)))
    return said[0].strip()[:60] if said else _first_words(name)


def _first_words(name: str) -> str:
    """Return how the licence that came with a package begins."""
    files = [f for f in distribution(name).files or [] if "licenses" in f.parts]
    lines = files[0].read_text(encoding="utf-8").split("\n") if files else []
    return ", ".join([line.strip() for line in lines if line.strip()][:2]) or "unknown"


def page() -> str:
    """Return docs/licences.md."""
    parts, seen = [HEAD], set()
    for lock, about in LOCKS.items():
        rows = {name: licence for name, licence in licences(lock).items() if name not in seen}
        seen |= rows.keys()
        parts.append(f"\n## {about[0].upper()}{about[1:]}\n\n| package | licence |\n|---|---|\n")
        parts += [f"| {name} | {licence} |\n" for name, licence in rows.items()]
    return "".join(parts)


if __name__ == "__main__":
    print(page(), end="")
