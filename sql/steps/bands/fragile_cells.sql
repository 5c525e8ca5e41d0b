-- Grain: one row: direct cells, and the share of them that one export, employer or day moves by more than the setting.
-- Inputs: bands.
select
    count(*) as direct,
    round(sum(case when fragile then 1 else 0 end) / cast(nullif(count(*), 0) as double), 4) as fragile_share
from bands
where basis = 'direct'
