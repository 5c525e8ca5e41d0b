-- Ledgers without a single used row.
-- Inputs: ledger.
select sum("rows") as all_rows
from ledger
having sum(case when disposition = 'used' then "rows" else 0 end) = 0
order by all_rows
