-- Grain: one row per shown cell and percentile: the effective number of reports, pay being set by employers.
-- Inputs: disclosed_cells, correlations (metric, percentile, correlation).
-- W^2 / (sum of w^2 + correlation * sum over clustered employers of ((sum of w)^2 - sum of w^2)).
select
    d.cell,
    c.percentile,
    cast(d.weight as double) * cast(d.weight as double)
    / (cast(d.squared as double) + c.correlation * cast(d.clustered as double)) as effective
from disclosed_cells as d
inner join correlations as c on d.metric = c.metric
where d.suppression_reason is null
