-- Grain: one row per cell of cell_totals, with the sums and shares of its reports.
-- Inputs: cell_totals, cell_employers (what a pass over the reports of each cell finds about employers and age).
-- Shares are shares of weight.
select
    t.cell,
    t.view,
    t.group_id,
    t.evidence,
    t.tier,
    t.level,
    t.market,
    t.metric,
    t.weight,
    t.squared,
    e.clustered,
    e.unknown_factor,
    t.modelled_weight,
    t.weighted_log_pay,
    t.n_reports,
    e.n_employers,
    e.known_weight / cast(t.weight as double) as employers_known_share,
    e.top_employer_weight / cast(t.weight as double) as top_employer_share,
    t.top_source_weight / cast(t.weight as double) as top_source_share,
    t.verified_weight / cast(t.weight as double) as verified_share,
    t.inferred_weight / cast(t.weight as double) as level_inferred_share,
    e.median_age_days
from cell_totals as t
inner join cell_employers as e on t.cell = e.cell
