-- Grain: one row per accepted row, with a disposition if it is superseded or folded.
-- Inputs: reports, identified_reports.
-- The newest is by submitted_at, exported_on, file, row hash and row.
with
submissions as (
    select
        export_number,
        "row",
        row_number() over (
            partition by source, submission_id
            order by
                submitted_at desc nulls last,
                exported_on desc nulls last,
                file desc nulls last,
                row_hash desc nulls last,
                "row" desc nulls last
        ) as newest
    from reports
    where submission_id is not null and is_newest
),

marked as (
    select
        r.export_number,
        r."row",
        r.source,
        r.file,
        r.exported_on,
        i.hash_low,
        i.hash_high,
        r.evidence = 'advertised' as is_advert,
        r.repeats = 'fold' and r.submission_id is null as folds_repeats,
        case
            when not r.is_newest then 'newer_snapshot'
            when s.newest > 1 then 'newer_submission'
            when r."row" <> i.first_row then 'range_pair'
        end as reason
    from reports as r
    inner join identified_reports as i on r.export_number = i.export_number and r."row" = i."row"
    left join submissions as s on r.export_number = s.export_number and r."row" = s."row"
),

-- adverts equal in every mapped column count once, and so do reports if the format folds repeats
repeated as (
    select
        export_number,
        "row",
        is_advert,
        count(*) over (partition by source, is_advert, hash_low, hash_high) as times,
        row_number() over (
            partition by source, is_advert, hash_low, hash_high
            order by exported_on asc nulls last, file asc nulls last, "row" asc nulls last
        ) as repetition
    from marked
    where reason is null and (is_advert or folds_repeats)
)

select
    m.export_number,
    m."row",
    case
        when m.reason in ('newer_snapshot', 'newer_submission') then 'superseded'
        when m.reason = 'range_pair' or p.repetition > 1 then 'folded'
    end as disposition,
    case
        when m.reason is not null then m.reason
        when p.repetition > 1 and m.is_advert then 'same_advert'
        when p.repetition > 1 then 'repeat'
    end as reason,
    case when p.is_advert and p.repetition = 1 then p.times else 1 end as openings
from marked as m
left join repeated as p on m.export_number = p.export_number and m."row" = p."row"
