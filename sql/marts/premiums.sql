-- Grain: view, group_id, baseline, metric, tier, level.
-- Inputs: estimated_premiums (unrounded, null if not identified).
-- No count below 10 is published.
select
    view,
    group_id,
    baseline,
    metric,
    tier,
    level,
    rounded_ratio(premium) as premium,
    rounded_ratio(premium_low) as premium_low,
    rounded_ratio(premium_high) as premium_high,
    rounded_ratio(range_low) as range_low,
    rounded_ratio(range_high) as range_high,
    case when n_group >= 10 then n_group end as n_group,
    case when n_baseline >= 10 then n_baseline end as n_baseline,
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
