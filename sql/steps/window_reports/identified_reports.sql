-- Grain: one row per accepted row, with the hashes that equal reports share, and the advertised range that it is an end
-- of or states.
-- Inputs: reports, ranges.
select
    r.export_number,
    r."row",
    coalesce(g.first_row, r."row") as first_row,
    coalesce(g.hash_low, r.row_hash) as hash_low,
    coalesce(g.hash_high, r.row_hash) as hash_high,
    case when g.ends = 2 then g.low else r.base_min end as base_min,
    case when g.ends = 2 then g.high else r.base_max end as base_max,
    case when g.ends = 2 then cast(floor((g.low + g.high + 1) / 2.0) as bigint) else r.base end as base
from reports as r
left join ranges as g on r.export_number = g.export_number and r.range_id = g.range_id
