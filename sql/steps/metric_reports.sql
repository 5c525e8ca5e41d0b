-- Grain: one row per used report and metric.
-- Inputs: window_reports. `atom` numbers the finest cell; every published cell is a union of atoms.
with
used as (
    select
        w.*,
        cast(date_diff('day', cast(w.report_date as date), r.as_of) as bigint) as age_days
    from window_reports as w
    cross join refresh as r
    where w.disposition = 'used'
),

long as (
    select *, 'base' as metric, base as pay from used
    union all
    select *, 'bonus' as metric, bonus as pay from used where evidence = 'reported'
    union all
    select *, 'equity' as metric, equity as pay from used where evidence = 'reported'
    union all
    select *, 'total' as metric, total as pay from used where evidence = 'reported'
    union all
    select *, 'total_liquid' as metric, total_liquid as pay from used where evidence = 'reported'
    union all
    select *, 'base_min' as metric, base_min as pay from used where evidence = 'advertised'
    union all
    select *, 'base_max' as metric, base_max as pay from used where evidence = 'advertised'
)

select
    leaf,
    evidence,
    tier,
    level,
    stage,
    country,
    metro,
    metric,
    dense_rank() over (
        order by
            leaf asc nulls last,
            evidence asc nulls last,
            tier asc nulls last,
            level asc nulls last,
            stage asc nulls last,
            country asc nulls last,
            metro asc nulls last,
            metric asc nulls last
    ) as atom,
    pay,
    weight,
    employer,
    source,
    verified <> 'none' as is_verified,
    coalesce(level_basis = 'experience', false) as is_inferred,
    age_days
from long
where pay is not null
