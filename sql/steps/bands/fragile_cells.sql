-- Grain: one row: the number of direct cells, and the share of them that are fragile.
-- Inputs: bands.
select
    count(*) as direct,
    round(sum(case when fragile then 1 else 0 end) / cast(nullif(count(*), 0) as double), 4) as fragile_share
from bands
where basis = 'direct'
