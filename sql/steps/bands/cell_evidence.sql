-- Grain: one row per cell, with its key and the sums and shares of its reports.
-- Inputs: cells, cell_keys, metrics, metric_reports, refresh.
-- Shares are shares of weight. Sums are sums of integers, so the order of rows does not matter.
with
employer_atoms as (
    select
        atom,
        employer,
        is_clustered,
        sum(weight) as weight,
        sum_of_squares(weight) as squared
    from metric_reports
    where employer is not null
    group by atom, employer, is_clustered
),

by_employer as (
    select
        c.cell,
        a.employer,
        sum(a.weight) as employer_weight,
        cast(sum(case when a.is_clustered then a.weight else 0 end) as hugeint) as clustered_weight,
        sum(case when a.is_clustered then a.squared else 0 end) as clustered_squared
    from employer_atoms as a
    inner join cells as c on a.atom = c.atom
    group by c.cell, a.employer
),

employers as (
    select
        cell,
        count(*) as n_employers,
        sum(employer_weight) as known_weight,
        max(employer_weight) as top_employer_weight,
        -- what fully correlated employers would add to the sum of squared weights
        sum_of_squares(clustered_weight) - sum(clustered_squared) as clustered
    from by_employer
    group by cell
),

by_source as (
    select c.cell, m.source, sum(m.weight) as source_weight
    from (select atom, source, sum(weight) as weight from metric_reports group by atom, source) as m
    inner join cells as c on m.atom = c.atom
    group by c.cell, m.source
),

top_sources as (
    select cell, max(source_weight) as top_source_weight
    from by_source
    group by cell
),

by_age as (
    select
        c.cell,
        m.age_days,
        sum(sum(m.reports)) over (partition by c.cell order by m.age_days asc nulls last) as reports_so_far,
        sum(sum(m.reports)) over (partition by c.cell) as reports
    from (select atom, age_days, count(*) as reports from metric_reports group by atom, age_days) as m
    inner join cells as c on m.atom = c.atom
    group by c.cell, m.age_days
),

median_ages as (
    select cell, min(age_days) as median_age_days
    from by_age
    where 2 * reports_so_far >= reports
    group by cell
),

atom_totals as (
    select
        atom,
        count(*) as reports,
        sum(weight) as weight,
        sum_of_squares(weight) as squared,
        sum(case when is_verified then weight else 0 end) as verified_weight,
        sum(case when is_inferred then weight else 0 end) as inferred_weight,
        sum(case when is_modelled then weight else 0 end) as modelled_weight,
        sum(cast(weight as hugeint) * log_pay) as weighted_log_pay
    from metric_reports
    group by atom
),

totals as (
    select
        c.cell,
        sum(a.reports) as n_reports,
        sum(a.weight) as weight,
        sum(a.squared) as squared,
        sum(a.verified_weight) as verified_weight,
        sum(a.inferred_weight) as inferred_weight,
        sum(a.modelled_weight) as modelled_weight,
        sum(a.weighted_log_pay) as weighted_log_pay
    from atom_totals as a
    inner join cells as c on a.atom = c.atom
    group by c.cell
),

keys as (
    select
        of_metric(k.place, m.metric_number) as cell,
        k.view,
        k.group_id,
        k.evidence,
        k.tier,
        k.level,
        k.market,
        m.metric
    from (select distinct place, view, group_id, evidence, tier, level, market from cell_keys) as k
    inner join metrics as m on k.evidence = m.evidence
)

select
    t.cell,
    k.view,
    k.group_id,
    k.evidence,
    k.tier,
    k.level,
    k.market,
    k.metric,
    t.weight,
    t.squared,
    coalesce(e.clustered, 0) as clustered,
    -- reports without an employer are assumed to be of the known employers, up to a limit
    case
        when coalesce(e.clustered, 0) = 0 or e.known_weight = t.weight then 1.0
        else least(
            cast(t.weight as double) / cast(e.known_weight as double)
            * (cast(t.weight as double) / cast(e.known_weight as double)),
            r.max_unknown_factor
        )
    end as unknown_factor,
    t.modelled_weight,
    t.weighted_log_pay,
    cast(t.n_reports as bigint) as n_reports,
    coalesce(e.n_employers, 0) as n_employers,
    coalesce(e.known_weight, 0) / cast(t.weight as double) as employers_known_share,
    coalesce(e.top_employer_weight, 0) / cast(t.weight as double) as top_employer_share,
    s.top_source_weight / cast(t.weight as double) as top_source_share,
    t.verified_weight / cast(t.weight as double) as verified_share,
    t.inferred_weight / cast(t.weight as double) as level_inferred_share,
    a.median_age_days
from totals as t
cross join refresh as r
inner join keys as k on t.cell = k.cell
left join employers as e on t.cell = e.cell
inner join top_sources as s on t.cell = s.cell
inner join median_ages as a on t.cell = a.cell
