-- Grain: view, group_id, baseline, metric, tier, level.
-- Inputs: estimated_premiums (unrounded, null where not identified). Adding 0 makes a rounded -0 a 0.
select
    view,
    group_id,
    baseline,
    metric,
    tier,
    level,
    round(premium, 4) + 0 as premium,
    round(premium_low, 4) + 0 as premium_low,
    round(premium_high, 4) + 0 as premium_high,
    round(range_low, 4) + 0 as range_low,
    round(range_high, 4) + 0 as range_high,
    n_group,
    n_baseline,
    n_cells,
    identified,
    baseline_in_group
from estimated_premiums
order by
    view asc nulls last,
    group_id asc nulls last,
    baseline asc nulls last,
    metric asc nulls last,
    tier asc nulls last,
    level asc nulls last
