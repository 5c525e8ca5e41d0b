-- Grain: one row per cell that may be pooled and does not show P25, P50 and P75 by itself.
-- Inputs: disclosed_cells, correlations, intervals. mean_log: weighted mean log pay over 100,000 USD; effective: of
-- that mean, people of one employer being alike in log pay by sin(pi / 2 * the correlation of P50), as in normal laws;
-- strangers: the same if no two people shared an employer.
with
shown as (
    select i.cell, count(*) as quartiles
    from intervals as i
    inner join disclosed_cells as d on i.cell = d.cell
    where i.percentile in (25, 50, 75) and d.suppression_reason is null
    group by i.cell
)

select
    d.cell,
    d.metric,
    concat(
        case when d.tier = 'all' then 'all' when d.tier in ('T1', 'T2') then 'listed' else 'other' end,
        case when d.level in ('early', 'senior') then '_stage' else '_level' end
    ) as kind,
    cast(d.weighted_log_pay as double) / cast(d.weight as double) / 65536 as mean_log,
    cast(d.weight as double) * cast(d.weight as double) / (
        cast(d.squared as double)
        + d.unknown_factor * sin(pi() / 2 * c.millionths / 1000000) * cast(d.clustered as double)
    ) as effective,
    cast(d.weight as double) * cast(d.weight as double) / cast(d.squared as double) as strangers
from disclosed_cells as d
inner join correlations as c on d.metric = c.metric and c.percentile = 50
left join shown as s on d.cell = s.cell
where d.is_poolable and coalesce(s.quartiles, 0) < 3
order by d.cell asc nulls last
