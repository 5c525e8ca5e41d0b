-- Grain: one row per accepted row, superseded and folded rows marked.
-- Inputs: dated_reports. Newest: submitted_at, exported_on, file name, row hash, row.
with
current_reports as (
    select
        *,
        case when delivery = 'snapshot' and not is_newest then 'newer_snapshot' end as outdated,
        row_number() over (
            partition by source, coalesce(submission_id, concat(export_sha256, '#', "row")), not is_newest
            order by
                submitted_at desc nulls last,
                exported_on desc nulls last,
                file desc nulls last,
                row_hash desc nulls last,
                "row" desc nulls last
        ) as newest
    from dated_reports
),

marked as (
    select
        *,
        case
            when outdated is not null then 'superseded'
            when submission_id is not null and newest > 1 then 'superseded'
            when range_id is not null and "row" <> first_row then 'folded'
        end as disposition,
        case
            when outdated is not null then outdated
            when submission_id is not null and newest > 1 then 'newer_submission'
            when range_id is not null and "row" <> first_row then 'range_pair'
        end as reason
    from current_reports
),

repeated as (
    select
        *,
        -- adverts equal in every mapped column count once; reports where the format folds its repeats
        case
            when disposition is null and evidence = 'advertised' then 'same_advert'
            when disposition is null and repeats = 'fold' and submission_id is null then 'repeat'
        end as folds_as
    from marked
),

counted as (
    select
        *,
        row_number() over (
            partition by source, folds_as, hash_low, hash_high
            order by exported_on asc nulls last, file asc nulls last, "row" asc nulls last
        ) as repeat_number,
        count(*) over (partition by source, folds_as, hash_low, hash_high) as repeat_count
    from repeated
)

select
    * exclude (disposition, reason, outdated, newest, folds_as, repeat_number, repeat_count),
    case
        when disposition is not null then disposition
        when folds_as is not null and repeat_number > 1 then 'folded'
    end as disposition,
    case
        when disposition is not null then reason
        when folds_as is not null and repeat_number > 1 then folds_as
    end as reason,
    case when folds_as = 'same_advert' then repeat_count else 1 end as openings
from counted
