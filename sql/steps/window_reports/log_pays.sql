-- Grain: one row per metric and report that may be used, or may have been, with the fixed-point log of pay. Only those
-- of the window make the fences (is_reference); expired ones are tested by them.
-- Inputs: reports, identified_reports, scoped_reports.
with
candidates as (
    select
        r.export_number,
        r."row",
        r.evidence,
        r.tier,
        r.employer,
        r.leaf,
        coalesce(r.level, 'unknown') as level,
        coalesce(r.country, 'unknown') as country,
        s.disposition is null as is_reference,
        i.base,
        r.total
    from reports as r
    inner join identified_reports as i on r.export_number = i.export_number and r."row" = i."row"
    inner join scoped_reports as s on r.export_number = s.export_number and r."row" = s."row"
    where s.disposition is null or s.expired_on is not null
)

select
    export_number,
    "row",
    evidence,
    tier,
    level,
    country,
    is_reference,
    employer,
    leaf,
    'base' as metric,
    fixed_log(base) as log_pay
from candidates
where base is not null
union all
select
    export_number,
    "row",
    evidence,
    tier,
    level,
    country,
    is_reference,
    employer,
    leaf,
    'total' as metric,
    fixed_log(total) as log_pay
from candidates
where total is not null
