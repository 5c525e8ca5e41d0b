-- Grain: one row per counted report and metric that it has. `atom` is the number of the finest cell: every cell is a
-- union of atoms.
-- Inputs: numbered_reports, metrics (evidence, metric, metric_number).
with
long as (
    select
        u.*,
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
    from numbered_reports as u
    inner join metrics as m on u.evidence = m.evidence
)

select
    of_metric(profile, metric_number) as atom,
    profile,
    metric_number,
    evidence,
    metric,
    pay,
    -- used for pooling alone, and so for these metrics
    case when metric in ('base', 'total') then fixed_log(pay) else 0 end as log_pay,
    weight,
    employer,
    employer_number,
    source,
    source_number,
    file,
    "row",
    export_number,
    is_modelled,
    is_clustered,
    is_listed,
    is_verified,
    is_inferred,
    is_expired,
    is_recent,
    arrival,
    expiry,
    row_hash,
    age_days
from long
where pay is not null
