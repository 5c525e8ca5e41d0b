-- Grain: factor, value, metric.
-- Inputs: estimated_multipliers (unrounded, null if too few employers).
-- No count below 10 is published.
with
amounts as (
    select factor, value, metric, 'usd' as kind, usd from estimated_multipliers
    union all
    select factor, value, metric, 'usd_low' as kind, usd_low as usd from estimated_multipliers
    union all
    select factor, value, metric, 'usd_high' as kind, usd_high as usd from estimated_multipliers
),

rounded as (
    select
        factor,
        value,
        metric,
        kind,
        rounded_usd(usd) as usd
    from amounts
),

pay as (
    select
        factor,
        value,
        metric,
        max(case when kind = 'usd' then usd end) as usd,
        max(case when kind = 'usd_low' then usd end) as usd_low,
        max(case when kind = 'usd_high' then usd end) as usd_high
    from rounded
    group by factor, value, metric
)

select
    m.factor,
    m.value,
    m.metric,
    rounded_ratio(m.multiplier) as multiplier,
    rounded_ratio(m.low) as low,
    rounded_ratio(m.high) as high,
    p.usd,
    p.usd_low,
    p.usd_high,
    case when m.n >= 10 then m.n end as n
from estimated_multipliers as m
inner join pay as p on m.factor = p.factor and m.value = p.value and m.metric = p.metric
order by m.factor asc nulls last, m.value asc nulls last, m.metric asc nulls last
