"""The predictive fits of a candidate, which several of its tables rest on."""

from collections.abc import Mapping
from functools import lru_cache

from salary_bands.aggregate.workspace import Workspace
from salary_bands.statistics.model import fits_by_metric, predictive
from salary_bands.statistics.parts import Group, Parts, parts_of
from salary_bands.vocabulary.taxonomy import modelled_groups


def predictive_parts(workspace: Workspace) -> dict[str, Parts]:
    """Return the parts of the predictive fit of each metric; those of the last candidate asked for are kept."""
    groups = tuple((group, tuple(leaves)) for group, leaves in modelled_groups().items())
    return _parts(workspace, str(workspace.record("model_cells").get("checksum")), groups)


@lru_cache(maxsize=1)
def _parts(workspace: Workspace, _: str, groups: tuple[tuple[Group, tuple[str, ...]], ...]) -> dict[str, Parts]:
    """Fit model_cells of a checksum."""
    of: Mapping[Group, tuple[str, ...]] = dict(groups)
    return {m: parts_of(fit, of) for m, fit in fits_by_metric(predictive(workspace.frame("model_cells"))).items()}
