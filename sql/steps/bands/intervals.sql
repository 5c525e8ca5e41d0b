-- Grain: one row per cell and percentile that has a finite interval inside the lowest and the highest pay.
-- Inputs: cell_figures.
select cell, 10 as percentile, p10_low as low, p10_high as high from cell_figures where p10_low is not null
union all
select cell, 25 as percentile, p25_low as low, p25_high as high from cell_figures where p25_low is not null
union all
select cell, 50 as percentile, p50_low as low, p50_high as high from cell_figures where p50_low is not null
union all
select cell, 75 as percentile, p75_low as low, p75_high as high from cell_figures where p75_low is not null
union all
select cell, 90 as percentile, p90_low as low, p90_high as high from cell_figures where p90_low is not null
