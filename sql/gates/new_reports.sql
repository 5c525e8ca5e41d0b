-- Grain: export_sha256, row: used reports and outliers of new exports that the reference release did not have.
-- Inputs: window_reports, new_exports (export_sha256, source), known_rows.
-- A new snapshot, or a file that has grown, repeats rows that are known.
select w.export_sha256, w."row", w.file, w.source, strftime(w.report_date, '%G-W%V') as iso_week
from window_reports as w
inner join new_exports as e on w.export_sha256 = e.export_sha256
where
    w.disposition in ('used', 'outlier')
    and not exists (
        select k.row_hash from known_rows as k
        where k.source = w.source and k.row_hash = w.row_hash
    )
