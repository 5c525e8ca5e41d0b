-- Grain: one row per cell that may be pooled and does not show all of P25, P50 and P75.
-- Inputs: disclosed_cells, correlations.
-- mean_log is the weighted mean log of pay over 100,000 USD. effective is the effective number of reports behind that
-- mean, if log pay within an employer correlates by sin(pi / 2 * the correlation of P50), as in a normal distribution.
-- strangers is the same without any correlation, and employers_alike that with people of one employer all alike: they
-- are of one tier, so that its employers decide how a cell is mixed.
select
    d.cell,
    d.metric,
    pooling_kind(d.tier, d.level) as kind,
    d.market as country,
    cast(d.weighted_log_pay as double) / cast(d.weight as double) / 65536 as mean_log,
    cast(d.weight as double) * cast(d.weight as double) / (
        cast(d.squared as double)
        + d.unknown_factor * sin(pi() / 2 * c.millionths / 1000000) * cast(d.clustered as double)
    ) as effective,
    cast(d.weight as double) * cast(d.weight as double) / cast(d.squared as double) as strangers,
    cast(d.weight as double) * cast(d.weight as double) / (
        cast(d.squared as double) + d.unknown_factor * cast(d.clustered as double)
    ) as employers_alike
from disclosed_cells as d
inner join correlations as c on d.metric = c.metric and c.percentile = 50
where
    d.is_poolable
    and (
        d.suppression_reason is not null or d.p25_low is null or d.p50_low is null or d.p75_low is null
    )
order by d.cell asc nulls last
