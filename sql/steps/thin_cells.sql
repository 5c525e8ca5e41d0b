-- Grain: one row per cell that may be pooled and does not show P25, P50 and P75 by itself.
-- Inputs: disclosed_cells, effective_sizes, intervals. mean_log: weighted mean log pay over 100,000 USD.
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
        case when d.tier = 'all' then 'all' else 'tier' end,
        case when d.level in ('early', 'senior') then '_stage' else '_level' end
    ) as kind,
    cast(d.weighted_log_pay as double) / cast(d.weight as double) / 65536 as mean_log,
    e.effective
from disclosed_cells as d
inner join effective_sizes as e on d.cell = e.cell and e.percentile = 50
left join shown as s on d.cell = s.cell
where d.is_poolable and coalesce(s.quartiles, 0) < 3
order by d.cell asc nulls last
