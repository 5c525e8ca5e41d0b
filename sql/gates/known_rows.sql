-- Grain: source, row_hash: rows that the reference release had, of sources that have new exports; not distinct.
-- Inputs: window_reports, new_exports (export_sha256, source), former_reports (parts), former_exports (export_key,
-- source).
-- former_exports are exports of the reference that no longer count, if their parts are still in the work folder.
select w.source, w.row_hash
from window_reports as w
where
    w.source in (select n.source from new_exports as n)
    and w.export_sha256 not in (select n.export_sha256 from new_exports as n)
union all
select f.source, r.row_hash
from former_reports as r
inner join former_exports as f on r.export_key = f.export_key
