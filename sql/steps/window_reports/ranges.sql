-- Grain: one row per advertised range: the pair of rows that are its ends, or a single row that is no range.
-- Inputs: reports.
select
    export_number,
    range_id,
    count(*) as ends,
    min("row") as first_row,
    min(base) as low,
    max(base) as high,
    min(row_hash) as hash_low,
    max(row_hash) as hash_high
from reports
where range_id is not null
group by export_number, range_id
