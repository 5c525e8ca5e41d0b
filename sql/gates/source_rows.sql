-- Grain: source, of either release, with its accepted rows in each.
-- Inputs: full_ledger, reference_rows (source, rows). What a newer delivery superseded does not count: snapshots say
-- everything again.
with
accepted as (
    select source, "rows", 1 as is_new from full_ledger
    where disposition not in ('held', 'rejected', 'superseded') and reason <> 'same_bytes'
    union all
    select source, "rows", 0 as is_new from reference_rows
)

select
    source,
    cast(sum(case when is_new = 0 then "rows" else 0 end) as bigint) as old_rows,
    cast(sum(case when is_new = 1 then "rows" else 0 end) as bigint) as new_rows
from accepted
group by source
order by source asc nulls last
