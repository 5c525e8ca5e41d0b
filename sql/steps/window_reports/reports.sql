-- Grain: one row per accepted row of every counted export, with what is known of the export. A view: later steps take
-- from it what they need and carry on only keys and what they add.
-- Inputs: pay_reports (parts), exports.
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
    -- exports whose equal year-only rows are one report seen again
    case when e.delivery = 'snapshot' then concat(e.source, '/', e.format) else e.export_key end as dating_group
from pay_reports as r
inner join exports as e on r.export_key = e.export_key
