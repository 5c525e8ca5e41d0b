-- What share of the rows of each source was used, and why were the others not?
-- Means: every row of every export is counted in exactly one line, and the shares of a source add up to 1.
-- Does not mean: quality. Rows outside the window or of other jobs are sound, and a folded row still counts through the
-- row that was kept. docs/operations.md explains each disposition and reason.
-- Inputs: ledger.
select
    source,
    disposition,
    reason,
    cast(sum(rows) as bigint) as n_rows,
    round(sum(rows) / sum(sum(rows)) over (partition by source), 4) as share
from ledger
group by source, disposition, reason
order by source, disposition, reason
