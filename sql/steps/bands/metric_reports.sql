-- Grain: one row per used report and metric that it has. `atom` is the number of the finest cell: every published cell
-- is a union of atoms.
-- Inputs: used_reports, profiles, metrics (metric, metric_number), refresh.
with
used as (
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
        w.source,
        w.file,
        w.is_modelled,
        w.evidence = 'reported' and w.employer is not null and not is_listed_tier(w.tier) as is_clustered,
        w.verified <> 'none' as is_verified,
        coalesce(w.level_basis = 'experience', false) as is_inferred,
        cast(date_diff('day', cast(w.report_date as date), r.as_of) as bigint) as age_days
    from used_reports as w
    inner join profiles as p
        on
            w.leaf = p.leaf
            and w.evidence = p.evidence
            and w.tier = p.tier
            and coalesce(w.level, '') = p.level
            and coalesce(w.stage, '') = p.stage
            and coalesce(w.country, '') = p.country
            and coalesce(w.metro, '') = p.metro
    cross join refresh as r
),

long as (
    select
        u.profile,
        u.weight,
        u.employer,
        u.source,
        u.file,
        u.is_modelled,
        u.is_clustered,
        u.is_verified,
        u.is_inferred,
        u.age_days,
        m.metric,
        m.metric_number,
        case m.metric
            when 'base' then u.base
            when 'bonus' then u.bonus
            when 'equity' then u.equity
            when 'total' then u.total
            when 'total_liquid' then u.total_liquid
            when 'base_min' then u.base_min
            when 'base_max' then u.base_max
        end as pay
    from used as u
    inner join metrics as m on u.evidence = m.evidence
)

select
    of_metric(profile, metric_number) as atom,
    pay,
    -- used for pooling alone, and so for these metrics
    case when metric in ('base', 'total') then fixed_log(pay) else 0 end as log_pay,
    weight,
    employer,
    source,
    file,
    is_modelled,
    is_clustered,
    is_verified,
    is_inferred,
    age_days
from long
where pay is not null
