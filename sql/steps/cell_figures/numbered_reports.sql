-- Grain: one row per counted report, with the numbers of its profile, employer, source and export.
-- Inputs: counted_reports, profiles, refresh.
-- Numbers are 1 and up in the order of text, so that they do not depend on the order of rows. arrival and expiry are
-- the orders in which reports come to a cell and leave it.
with
employer_numbers as (
    select employer, row_number() over (order by employer asc nulls last) as employer_number
    from (select distinct employer from counted_reports where employer is not null) as named
),

source_numbers as (
    select source, row_number() over (order by source asc nulls last) as source_number
    from (select distinct source from counted_reports) as named
),

export_numbers as (
    select file, row_number() over (order by file asc nulls last) as export_number
    from (select distinct file from counted_reports) as named
)

select
    p.profile,
    w.evidence,
    w.base,
    w.bonus,
    w.equity,
    w.total,
    w.total_liquid,
    w.base_min,
    w.base_max,
    w.weight,
    w.employer,
    e.employer_number,
    w.source,
    s.source_number,
    w.file,
    w."row",
    x.export_number,
    w.is_modelled,
    w.is_expired,
    w.row_hash,
    row_number() over (
        order by
            w.delivered_on asc nulls last,
            w.report_date asc nulls last,
            w.row_hash asc nulls last,
            w.export_sha256 asc nulls last,
            w."row" asc nulls last
    ) as arrival,
    row_number() over (
        order by
            w.expired_on asc nulls last,
            w.report_date asc nulls last,
            w.row_hash asc nulls last,
            w.export_sha256 asc nulls last,
            w."row" asc nulls last
    ) as expiry,
    w.evidence = 'reported' and w.employer is not null and not is_listed_tier(w.tier) as is_clustered,
    w.evidence = 'reported' and w.employer is not null and is_listed_tier(w.tier) as is_listed,
    date_diff('day', cast(w.delivered_on as date), r.as_of) < 7 * r.unsettled_weeks as is_recent,
    w.verified <> 'none' as is_verified,
    coalesce(w.level_basis = 'experience', false) as is_inferred,
    cast(date_diff('day', cast(w.report_date as date), r.as_of) as bigint) as age_days
from counted_reports as w
inner join profiles as p
    on
        w.leaf = p.leaf
        and w.evidence = p.evidence
        and w.tier = p.tier
        and coalesce(w.level, '') = p.level
        and coalesce(w.stage, '') = p.stage
        and coalesce(w.country, '') = p.country
        and coalesce(w.metro, '') = p.metro
inner join source_numbers as s on w.source = s.source
inner join export_numbers as x on w.file = x.file
left join employer_numbers as e on w.employer = e.employer
cross join refresh as r
