-- Grain: one row per well-filled cell of one leaf and quartile: the distance of the quartile from the mean, in logs.
-- Inputs: disclosed_cells, refresh.
-- Only cells of the kinds that are pooled.
with
cells as (
    select
        d.*,
        pooling_kind(d.tier, d.level) as kind,
        cast(d.weighted_log_pay as double) / cast(d.weight as double) / 65536 as mean_log
    from disclosed_cells as d
    cross join refresh as r
    where
        d.suppression_reason is null
        and d.view = 'leaf'
        and d.group_id <> 'all'
        and d.evidence = 'reported'
        and d.metric in ('base', 'total')
        and d.tier <> 'unknown'
        and d.level <> 'all'
        and is_country(d.market)
        and d.p50_effective >= r.shape_effective_n
),

quartiles as (
    select cell, 25 as percentile, p25 as pay, p25_low as low, p25_effective as effective from cells
    union all
    select cell, 50 as percentile, p50 as pay, p50_low as low, p50_effective as effective from cells
    union all
    select cell, 75 as percentile, p75 as pay, p75_low as low, p75_effective as effective from cells
)

select
    c.cell,
    c.metric,
    c.kind,
    c.market as country,
    q.percentile,
    q.effective,
    ln(q.pay / 100000.0) - c.mean_log as offset_log
from cells as c
inner join quartiles as q on c.cell = q.cell
where q.low is not null and q.effective is not null
order by c.cell asc nulls last, q.percentile asc nulls last
