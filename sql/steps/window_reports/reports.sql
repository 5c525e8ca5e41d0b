-- Grain: one row per accepted row of every counted export, with facts about the export.
-- Inputs: pay_reports (parts), exports.
-- A view: later steps select what they need from it and pass on only keys and their own columns.
select
    r.*,
    e.export_number,
    e.source,
    e.format,
    e.file,
    e.exported_on,
    e.delivery,
    e.repeats,
    e.is_newest,
    -- in exports of one group, equal rows that state only a year are the same report
    case when e.delivery = 'snapshot' then concat(e.source, '/', e.format) else e.export_key end as dating_group
from pay_reports as r
inner join exports as e on r.export_key = e.export_key
