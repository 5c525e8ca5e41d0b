-- Grain: one row per cell, with the first reason to suppress it, null if it may be shown.
-- Inputs: cell_figures, refresh.
-- Adverts are public: for them only the minimum number of reports applies. What a cell and a larger one, or a later
-- release, would say of a single person is kept by statistics/batches.py and statistics/jitter.py.
-- Base and total say whether the reports of a cell are settled, for all of its metrics: the number of a cell is that of
-- its place and its metric (of_metric).
with
unsettled_places as (select distinct cell // 100 as place from cell_figures where is_unsettled)

select
    e.*,
    -- thin cells of a country may be shrunk towards the model, under rules of their own
    e.evidence = 'reported'
    and e.metric in ('base', 'total')
    and e.tier <> 'unknown'
    and e.level <> 'all'
    and is_country(e.market)
    and e.n_reports >= r.min_pooled_reports
    and e.n_employers >= r.min_employers
    and e.top_employer_share <= r.max_employer_share
    and e.modelled_weight >= r.min_modelled_share * e.weight
    and u.place is null as is_poolable,
    case
        when e.n_reports < r.min_reports then 'few_reports'
        when e.evidence = 'advertised' then null
        when e.employers_known_share >= r.min_known_employer_share and e.n_employers < r.min_employers
            then 'few_employers'
        when e.employers_known_share < r.min_known_employer_share and e.n_reports < r.min_reports_unknown_employers
            then 'few_reports'
        when e.top_employer_share > r.max_employer_share then 'dominated'
        when u.place is not null then 'unsettled'
    end as suppression_reason
from cell_figures as e
cross join refresh as r
left join unsettled_places as u on e.cell // 100 = u.place
