-- Grain: metric_number, profile: the cell that employer correlations are estimated from and that a profile is in.
-- Inputs: cell_keys, cell_counts, metrics.
-- These are all machine learning by tier, level and country, of tiers without a complete list of employers.
select
    0 as rollup,
    m.metric_number,
    k.profile,
    of_metric(k.place, m.metric_number) as cell
from cell_keys as k
inner join metrics as m on k.evidence = m.evidence
inner join cell_counts as n on of_metric(k.place, m.metric_number) = n.cell
where
    k.view = 'leaf'
    and k.group_id = 'all'
    and k.evidence = 'reported'
    and k.tier <> 'all'
    and not is_listed_tier(k.tier)
    and k.level in ('L3', 'L4', 'L5', 'L6', 'L7')
    and is_country(k.market)
