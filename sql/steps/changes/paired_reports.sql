-- Grain: one row per metric and report used now or in the previous release, with its weight in each, 0 if not used.
-- Inputs: metric_reports, former_reports (metric_reports of the previous release).
-- A report that reads otherwise than before is two reports, which is the safe side. Employers are numbered in the order
-- of text.
with
paired as (
    select
        coalesce(n.metric_number, t.metric_number) as metric_number,
        coalesce(n.profile, t.profile) as profile,
        coalesce(n.pay, t.pay) as pay,
        coalesce(n.weight, 0) as weight,
        coalesce(t.weight, 0) as former_weight,
        coalesce(n.employer, t.employer) as employer,
        coalesce(n.is_clustered, t.is_clustered) as is_clustered
    from metric_reports as n
    full outer join former_reports as t
        on
            n.file = t.file
            and n."row" = t."row"
            and n.metric_number = t.metric_number
            and n.profile = t.profile
            and n.pay = t.pay
            and n.employer is not distinct from t.employer
),

employer_numbers as (
    select employer, row_number() over (order by employer asc nulls last) as employer_number
    from (select distinct employer from paired where employer is not null) as named
)

select
    p.metric_number,
    p.profile,
    p.pay,
    p.weight,
    p.former_weight,
    p.is_clustered,
    coalesce(e.employer_number, -1) as employer_number
from paired as p
left join employer_numbers as e on p.employer = e.employer
