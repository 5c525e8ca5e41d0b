-- Grain: one row per metric and report that the model or its predictions are fitted to; y is the fixed-point log of
-- pay.
-- Inputs: counted_reports, refresh.
-- The model takes in reports and lets them go five at a time, as a cell does: statistics/batches.py.
with
paid as (
    select *, 'base' as metric, base as pay from counted_reports where is_predicted
    union all
    select *, 'total' as metric, total as pay from counted_reports where is_predicted
),

arrived as (
    select
        *,
        count(*) over (partition by metric) as arrivals,
        row_number() over (
            partition by metric
            order by
                delivered_on asc nulls last,
                report_date asc nulls last,
                row_hash asc nulls last,
                export_sha256 asc nulls last,
                "row" asc nulls last
        ) as arrival
    from paid
    where pay is not null
),

entered as (
    select
        *,
        count(*) over (partition by metric, is_expired) as expiries,
        row_number() over (
            partition by metric, is_expired
            order by
                expired_on asc nulls last,
                report_date asc nulls last,
                row_hash asc nulls last,
                export_sha256 asc nulls last,
                "row" asc nulls last
        ) as expiry
    from arrived
    where arrival <= arrivals - arrivals % 5
),

counted as (
    select
        *,
        count(*) over (partition by metric, country) as country_reports,
        count(*) over (partition by metric, metro) as metro_reports
    from entered
    where not is_expired or expiry > expiries - expiries % 5
)

select
    c.export_sha256,
    c."row",
    c.metric,
    c.leaf,
    c.tier,
    c.level,
    coalesce(c.level_basis = 'experience', false) as is_inferred,
    c.is_modelled,
    c.country,
    -- the finest place with enough reports; `global` is the rest of the world
    case
        when c.metro is not null and c.metro_reports >= r.min_effect_reports then c.metro
        when c.country_reports >= r.min_effect_reports then c.country
        else 'global'
    end as market,
    strftime(c.report_date, '%Y-%m') as month,
    c.source,
    c.employer,
    c.weight,
    fixed_log(c.pay) as y
from counted as c
cross join refresh as r
