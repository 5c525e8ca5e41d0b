-- Grain: one row per accepted row of every counted export, adverts with the range of their pair.
-- Inputs: pay_reports (parts), exports.
with
paired as (
    select
        r.*,
        e.source,
        e.file,
        e.export_sha256,
        e.format,
        e.exported_on,
        e.delivery,
        e.repeats,
        e.is_newest,
        count(*) over pair as ends,
        min(r."row") over pair as first_row,
        min(r.base) over pair as pair_min,
        max(r.base) over pair as pair_max,
        min(r.row_hash) over pair as hash_low,
        max(r.row_hash) over pair as hash_high
    from pay_reports as r
    inner join exports as e on r.export_key = e.export_key
    window pair as (partition by r.export_key, coalesce(r.range_id, -r."row"))
)

select
    *,
    -- what an equal report in another snapshot is compared by
    case when delivery = 'snapshot' then concat(source, '/', format) else export_sha256 end as dating_group,
    case when ends = 2 then pair_min end as base_min,
    case when ends = 2 then pair_max end as base_max,
    case when ends = 2 then cast(floor((pair_min + pair_max + 1) / 2.0) as bigint) else base end as middle_base
from paired
