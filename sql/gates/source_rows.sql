-- Grain: source in either release, with the number of its accepted rows in each.
-- Inputs: ledger, reference_ledger.
-- Superseded rows do not count, since every snapshot repeats them.
with
accepted as (
    select source, "rows", 1 as is_new from ledger
    where disposition not in ('held', 'rejected', 'superseded') and reason <> 'same_bytes'
    union all
    select source, "rows", 0 as is_new from reference_ledger
    where disposition not in ('held', 'rejected', 'superseded') and reason <> 'same_bytes'
)

select
    source,
    cast(sum(case when is_new = 0 then "rows" else 0 end) as bigint) as old_rows,
    cast(sum(case when is_new = 1 then "rows" else 0 end) as bigint) as new_rows
from accepted
group by source
order by source asc nulls last
