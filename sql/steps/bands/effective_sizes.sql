-- Grain: one row per cell and percentile: the effective number of reports, allowing for employers.
-- Inputs: cell_figures.
select cell, 10 as percentile, p10_effective as effective from cell_figures where p10_effective is not null
union all
select cell, 25 as percentile, p25_effective as effective from cell_figures where p25_effective is not null
union all
select cell, 50 as percentile, p50_effective as effective from cell_figures where p50_effective is not null
union all
select cell, 75 as percentile, p75_effective as effective from cell_figures where p75_effective is not null
union all
select cell, 90 as percentile, p90_effective as effective from cell_figures where p90_effective is not null
