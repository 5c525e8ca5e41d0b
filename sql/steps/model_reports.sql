-- Grain: one row per metric and report that the model is fitted to; y is log pay over 100,000 USD in 1 / 2^16, whole.
-- Inputs: window_reports, view_groups, refresh.
-- Leaf, tier, level and country known, and the level not from years of experience: a report that lacks one would carry
-- what it lacks into the premium of its leaf.
with
complete as (
    select
        w.*,
        strftime(w.report_date, '%Y-%m') as calendar_month
    from window_reports as w
    inner join view_groups as g on w.leaf = g.leaf
    where
        g.view = 'leaf'
        and g.group_id = 'all'
        and w.disposition = 'used'
        and w.evidence = 'reported'
        and w.tier <> 'unknown'
        and w.level is not null
        and w.level_basis <> 'experience'
        and w.country is not null
),

paid as (
    select *, 'base' as metric, base as pay from complete
    union all
    select *, 'total' as metric, total as pay from complete
),

counted as (
    select
        *,
        count(*) over (partition by metric, country) as country_reports,
        count(*) over (partition by metric, metro) as metro_reports
    from paid
    where pay is not null
)

select
    c.metric,
    c.leaf,
    c.tier,
    c.level,
    c.country,
    -- the finest place with enough reports; `global` is the rest of the world
    case
        when c.metro is not null and c.metro_reports >= r.min_market_reports then c.metro
        when c.country_reports >= r.min_market_reports then c.country
        else 'global'
    end as market,
    c.calendar_month as month,
    c.source,
    c.employer,
    c.weight,
    cast(round(65536 * ln(c.pay / 100000.0)) as bigint) as y
from counted as c
cross join refresh as r
