"""Format the citation of a release."""

from dataclasses import dataclass

from salary_bands.releases.manifest import Manifest


@dataclass(frozen=True)
class Citation:
    """A citation in words and as BibTeX."""

    text: str
    bibtex: str


def citation(manifest: Manifest) -> Citation:
    """Cite a release; the fingerprint identifies its content, even if two operators publish the same version."""
    version, as_of = manifest.version, manifest.as_of
    title = "Compensation bands in machine learning"
    synthetic = " (synthetic sample)" if manifest.contains_synthetic else ""
    mark = manifest.fingerprint[:12]
    year, month, _ = as_of.split("-")
    return Citation(
        text=f"Salary Bands ({year}). {title}{synthetic}, release {version}, as of {as_of}, "
        f"method {manifest.method_version}, fingerprint {mark}.",
        bibtex="\n".join(
            (
                f"@misc{{salary-bands-{version},",
                "  author  = {{Salary Bands}},",
                f"  title   = {{{{{title}{synthetic}}}}},",
                f"  year    = {{{year}}},",
                f"  month   = {{{int(month)}}},",
                f"  version = {{{version}}},",
                f"  note    = {{As of {as_of}, method {manifest.method_version}, fingerprint {mark}}},",
                "}",
            )
        ),
    )
