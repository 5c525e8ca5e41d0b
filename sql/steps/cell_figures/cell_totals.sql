-- Grain: one row per cell of enough reports to be pooled or shown, with its key and the sums of its reports.
-- Inputs: cells, cell_keys, metrics, metric_reports, refresh.
-- Sums of integers, so the order of rows does not matter.
with
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
    cross join refresh as r
    group by c.cell, r.min_pooled_reports
    -- from 9 reports on a median can have an interval: FEWEST of aggregate/tables/cell_figures.py
    having sum(a.reports) >= least(r.min_pooled_reports, 9)
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
    s.top_source_weight,
    cast(t.n_reports as bigint) as n_reports
from totals as t
inner join keys as k on t.cell = k.cell
inner join top_sources as s on t.cell = s.cell
