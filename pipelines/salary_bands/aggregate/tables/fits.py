"""The predictive fits of a candidate, which several of its tables rest on."""

from salary_bands.aggregate.workspace import Workspace
from salary_bands.statistics.model import fits_by_metric, predictive
from salary_bands.statistics.parts import Parts, parts_of
from salary_bands.storage.files import checksum_of
from salary_bands.vocabulary.taxonomy import modelled_groups

_last: dict[tuple[str, str], dict[str, Parts]] = {}


def predictive_parts(workspace: Workspace) -> dict[str, Parts]:
    """Return the parts of the predictive fit of each metric; those of the last rows and groups are kept."""
    groups = modelled_groups()
    multiple = workspace.settings.part_step
    key = checksum_of(workspace.path("model_cells")), repr((groups, multiple))
    if key not in _last:
        fits = fits_by_metric(predictive(workspace.frame("model_cells")))
        _last.clear()
        _last[key] = {metric: parts_of(fit, groups, multiple) for metric, fit in fits.items()}
    return _last[key]
