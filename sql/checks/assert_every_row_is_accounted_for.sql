-- Files whose counts in the ledger do not add up to the rows that they have.
-- Inputs: ledger, export_files.
with
counted as (
    select source, file, sum("rows") as ledger_rows
    from ledger
    group by source, file
)

select
    f.source,
    f.file,
    f.export_rows,
    coalesce(c.ledger_rows, 0) as ledger_rows
from export_files as f
left join counted as c on f.source = c.source and f.file = c.file
where f.export_rows <> coalesce(c.ledger_rows, 0)
order by f.source asc nulls last, f.file asc nulls last
