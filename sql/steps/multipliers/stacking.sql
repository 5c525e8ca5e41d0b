-- Grain: metric: how far stacked multipliers are from direct medians, as |log(stacked / P50)|.
-- Inputs: bands, multipliers.
-- Cells of one leaf, tier and level in a country or metro that has a multiplier.
with
base as (
    select metric, usd from multipliers where factor = 'baseline'
),

stacked as (
    select
        b.metric,
        abs(ln(base.usd * s.multiplier * t.multiplier * l.multiplier * m.multiplier / b.p50)) as error
    from bands as b
    inner join base on b.metric = base.metric
    inner join multipliers as s on b.metric = s.metric and s.factor = 'specialisation' and b.group_id = s.value
    inner join multipliers as t on b.metric = t.metric and t.factor = 'tier' and b.tier = t.value
    inner join multipliers as l on b.metric = l.metric and l.factor = 'level' and b.level = l.value
    inner join multipliers as m on b.metric = m.metric and m.factor = 'market' and b.market = m.value
    where b.view = 'leaf' and b.evidence = 'reported' and b.basis = 'direct' and b.market <> 'global'
)

select
    metric,
    count(*) as cells,
    round(quantile_cont(error, 0.5), 4) as median,
    round(quantile_cont(error, 0.9), 4) as p90
from stacked
where error is not null
group by metric
order by metric asc nulls last
