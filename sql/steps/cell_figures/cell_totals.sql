-- Grain: one row per cell of cell_counts, with its key and the sums of its reports.
-- Inputs: cells, cell_keys, cell_counts, metrics, metric_reports, waiting.
-- A cell has the reports that count, less those that wait to enter it, and plus those that wait to leave it. Sums of
-- integers, so the order of rows does not matter.
with
waiting_reports as (
    select w.cell, m.*, case when m.is_expired then 1 else -1 end as sign
    from waiting as w
    inner join metric_reports as m on w.metric_number = m.metric_number and w.arrival = m.arrival
),

atom_totals as (
    select
        atom,
        source,
        count(*) as reports,
        sum(weight) as weight,
        sum_of_squares(weight) as squared,
        sum(case when is_verified then weight else 0 end) as verified_weight,
        sum(case when is_inferred then weight else 0 end) as inferred_weight,
        sum(case when is_modelled then weight else 0 end) as modelled_weight,
        sum(cast(weight as hugeint) * log_pay) as weighted_log_pay
    from metric_reports
    where not is_expired
    group by atom, source
),

parts as (
    select
        c.cell,
        a.source,
        a.reports,
        a.weight,
        a.squared,
        a.verified_weight,
        a.inferred_weight,
        a.modelled_weight,
        a.weighted_log_pay
    from atom_totals as a
    inner join cells as c on a.atom = c.atom
    inner join cell_counts as n on c.cell = n.cell
    union all
    select
        cell,
        source,
        sign as reports,
        sign * weight as weight,
        sign * cast(weight as hugeint) * weight as squared,
        case when is_verified then sign * weight else 0 end as verified_weight,
        case when is_inferred then sign * weight else 0 end as inferred_weight,
        case when is_modelled then sign * weight else 0 end as modelled_weight,
        sign * cast(weight as hugeint) * log_pay as weighted_log_pay
    from waiting_reports
),

by_source as (
    select
        cell,
        source,
        sum(reports) as reports,
        sum(weight) as weight,
        sum(squared) as squared,
        sum(verified_weight) as verified_weight,
        sum(inferred_weight) as inferred_weight,
        sum(modelled_weight) as modelled_weight,
        sum(weighted_log_pay) as weighted_log_pay
    from parts
    group by cell, source
),

totals as (
    select
        cell,
        sum(reports) as n_reports,
        sum(weight) as weight,
        sum(squared) as squared,
        sum(verified_weight) as verified_weight,
        sum(inferred_weight) as inferred_weight,
        sum(modelled_weight) as modelled_weight,
        sum(weighted_log_pay) as weighted_log_pay,
        max(weight) as top_source_weight
    from by_source
    group by cell
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
    t.verified_weight,
    t.inferred_weight,
    t.modelled_weight,
    t.weighted_log_pay,
    t.top_source_weight,
    cast(t.n_reports as bigint) as n_reports
from totals as t
inner join keys as k on t.cell = k.cell
