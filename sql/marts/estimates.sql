-- Grain: view, group_id, evidence, tier, level, market, metric.
-- Inputs: estimated_cells (unrounded), group_names, refresh.
-- Groups of the same leaves are estimated once, as the first of them, and published under each name. Rounded as bands
-- are.
select
    r.release,
    cast(r.as_of as timestamp) as as_of,
    'reported' as evidence,
    n.view,
    n.group_id,
    e.tier,
    e.level,
    e.market,
    e.metric,
    rounded_usd(e.p50) as p50,
    rounded_usd(e.p50_low) as p50_low,
    rounded_usd(e.p50_high) as p50_high,
    rounded_usd(e.person_p10) as person_p10,
    rounded_usd(e.person_p25) as person_p25,
    rounded_usd(e.person_p75) as person_p75,
    rounded_usd(e.person_p90) as person_p90,
    round(e.n_near, 0) + 0 as n_near,
    'modelled' as basis,
    round(e.distance, 2) + 0 as distance,
    r.method_version
from estimated_cells as e
cross join refresh as r
inner join group_names as n on e.view = n.first_view and e.group_id = n.first_group_id
order by
    n.view asc nulls last,
    n.group_id asc nulls last,
    e.tier asc nulls last,
    e.level asc nulls last,
    e.market asc nulls last,
    e.metric asc nulls last
