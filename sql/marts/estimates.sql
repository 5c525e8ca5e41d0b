-- Grain: view, group_id, evidence, tier, level, market, metric.
-- Inputs: estimated_cells (unrounded), group_names, refresh.
-- Groups of the same leaves are estimated once, as the first of them, and published under each name. Figures are
-- rounded as bands are, or to 1,000, 2,500, 5,000 or 10,000 if that is at most a quarter of the width of the interval
-- and a tenth of the median: finer digits would say nothing of the cell, but what one report adds.
with
stepped as (
    select
        *,
        case
            when p50_high - p50_low >= 40000 and p50 >= 100000 then 10000
            when p50_high - p50_low >= 20000 and p50 >= 50000 then 5000
            when p50_high - p50_low >= 10000 and p50 >= 25000 then 2500
            when p50_high - p50_low >= 4000 and p50 >= 10000 then 1000
            when p50 < 50000 and p50_high - p50_low < 2000 then 100
            else 500
        end as step
    from estimated_cells
)

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
    rounded_to(e.p50, e.step) as p50,
    rounded_to(e.p50_low, e.step) as p50_low,
    rounded_to(e.p50_high, e.step) as p50_high,
    rounded_to(e.person_p10, e.step) as person_p10,
    rounded_to(e.person_p25, e.step) as person_p25,
    rounded_to(e.person_p75, e.step) as person_p75,
    rounded_to(e.person_p90, e.step) as person_p90,
    round(e.n_near, 0) + 0 as n_near,
    'modelled' as basis,
    round(e.distance, 2) + 0 as distance,
    r.method_version
from stepped as e
cross join refresh as r
inner join group_names as n on e.view = n.first_view and e.group_id = n.first_group_id
order by
    n.view asc nulls last,
    n.group_id asc nulls last,
    e.tier asc nulls last,
    e.level asc nulls last,
    e.market asc nulls last,
    e.metric asc nulls last
