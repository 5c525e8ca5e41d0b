-- Grain: one row per accepted row: when an equal row was first delivered, and when the source replaced or withdrew it.
-- Inputs: reports, identified_reports.
-- Equal rows are one report if they repeat a submission, or are the same repetition in snapshots of one group. Of equal
-- rows only the last delivered has a replaced_on, so that a report that is replaced counts once.
with
repeated as (
    select
        r.export_number,
        r."row",
        r.exported_on,
        r.delivery,
        case
            when r.delivery = 'snapshot' then r.dating_group
            when r.submission_id is not null then concat(r.source, '/', r.submission_id)
            else concat(r.export_number, '/', r."row")
        end as history,
        i.hash_low,
        i.hash_high,
        case
            when r.delivery <> 'snapshot' then 1
            else
                row_number() over (
                    partition by r.export_number, i.hash_low, i.hash_high
                    order by r."row" asc nulls last
                )
        end as repetition
    from reports as r
    inner join identified_reports as i on r.export_number = i.export_number and r."row" = i."row"
),

-- a source delivers snapshots of all its reports, and each submission for itself
later_deliveries as (
    select
        history,
        exported_on,
        lead(exported_on) over (partition by history order by exported_on asc nulls last) as next_on
    from (select distinct history, exported_on from repeated) as delivered
),

marked as (
    select
        *,
        min(exported_on) over same as delivered_on,
        row_number() over (
            same
            order by exported_on desc nulls last, export_number desc nulls last, "row" desc nulls last
        ) as newest
    from repeated
    window same as (partition by history, hash_low, hash_high, repetition)
)

select
    m.export_number,
    m."row",
    m.delivered_on,
    case when m.newest = 1 then l.next_on end as replaced_on
from marked as m
inner join later_deliveries as l on m.history = l.history and m.exported_on = l.exported_on
