"""Which exports of an earlier release are among those of a plan, whatever key that release named them with."""

from salary_bands.aggregate.plan import ExportState, Plan
from salary_bands.releases.manifest import Manifest, export_name
from salary_bands.storage.parts import Parts


def recognised(plan: Plan, manifest: Manifest) -> dict[str, ExportState]:
    """Return the counted exports of a plan that an earlier release has, in their order, by the release's name for them.

    The name that another key gave to an export cannot be computed. If the key is another one, an export of the same
    source and as many rows is taken to be the same, so that a lost key leaves something to compare with.
    """
    if manifest.export_names in ("", plan.export_names):
        had = {i.export for i in manifest.inputs}
        named = ((s.export if manifest.export_names else export_name(s.sha256), s) for s in plan.counted)
        return {name: state for name, state in named if name in had}
    left = list(manifest.inputs)
    found = {}
    for state in plan.counted:
        same = next((i for i in left if (i.source, i.rows) == (state.source, state.published_rows)), None)
        if same:
            found[same.export] = state
            left.remove(same)
    return found


def part_keys(parts: Parts, table: str, plan: Plan, manifest: Manifest, secret: bytes) -> dict[str, str]:
    """Return the keys of the parts of a table by the names that an earlier release has for their exports.

    secret: of the plan's disclosure key. Nothing is found if the release was made with another key.
    """
    if manifest.export_names not in ("", plan.export_names):
        return {}
    used = secret if manifest.export_names else b""
    return {export_name(key, used): key for key in parts.keys(table, "")}
