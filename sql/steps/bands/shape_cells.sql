-- Grain: one row per well-filled cell of one leaf and quartile: the distance of the quartile from the mean, in logs.
-- Inputs: disclosed_cells, effective_sizes, intervals, percentiles, refresh.
-- Only cells of the kinds that are pooled.
select
    d.cell,
    d.metric,
    pooling_kind(d.tier, d.level) as kind,
    d.market as country,
    p.percentile,
    e.effective,
    ln(p.pay / 100000.0) - cast(d.weighted_log_pay as double) / cast(d.weight as double) / 65536 as offset_log
from disclosed_cells as d
cross join refresh as r
inner join effective_sizes as h on d.cell = h.cell and h.percentile = 50
inner join intervals as i on d.cell = i.cell
inner join percentiles as p on i.cell = p.cell and i.percentile = p.percentile
inner join effective_sizes as e on i.cell = e.cell and i.percentile = e.percentile
where
    d.suppression_reason is null
    and d.view = 'leaf'
    and d.group_id <> 'all'
    and d.evidence = 'reported'
    and d.metric in ('base', 'total')
    and d.tier <> 'unknown'
    and d.level <> 'all'
    and is_country(d.market)
    and h.effective >= r.shape_effective_n
    and p.percentile in (25, 50, 75)
order by d.cell asc nulls last, p.percentile asc nulls last
