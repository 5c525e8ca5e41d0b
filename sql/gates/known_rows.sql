-- Grain: source, row_hash of what the reference had, of the sources that have new exports; some more than once.
-- Inputs: window_reports, new_exports (export_sha256, source), former_reports (parts), former_exports (export_key,
-- source): exports of the reference that no longer count, where their parts still lie in the work folder.
select w.source, w.row_hash
from window_reports as w
where
    w.source in (select n.source from new_exports as n)
    and w.export_sha256 not in (select n.export_sha256 from new_exports as n)
union all
select f.source, r.row_hash
from former_reports as r
inner join former_exports as f on r.export_key = f.export_key
