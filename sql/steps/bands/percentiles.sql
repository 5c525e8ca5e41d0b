-- Grain: one row per cell and percentile that is known, in unrounded USD.
-- Inputs: cell_figures.
select cell, 10 as percentile, p10 as pay from cell_figures where p10 is not null
union all
select cell, 25 as percentile, p25 as pay from cell_figures where p25 is not null
union all
select cell, 50 as percentile, p50 as pay from cell_figures where p50 is not null
union all
select cell, 75 as percentile, p75 as pay from cell_figures where p75 is not null
union all
select cell, 90 as percentile, p90 as pay from cell_figures where p90 is not null
