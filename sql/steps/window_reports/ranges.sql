-- Grain: export_number, range_id: advertised ranges, each from the two rows that are its ends; a single row is no
-- range.
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
