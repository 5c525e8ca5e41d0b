-- Grain: source, export, disposition, reason. Counts below 10 are merged.
-- Inputs: merged_ledger (full_ledger by export, its small counts merged).
select source, export, format, disposition, reason, "rows"
from merged_ledger
order by source asc nulls last, export asc nulls last, disposition asc nulls last, reason asc nulls last
