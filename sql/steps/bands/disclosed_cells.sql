-- Grain: one row per cell, with the first reason to suppress it, null if it may be shown.
-- Inputs: cell_figures, refresh.
-- Adverts are public: for them only the minimum number of reports applies. What a cell and a larger one, or a later
-- release, would say of a single person is kept by statistics/batches.py and statistics/jitter.py.
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
    and e.modelled_weight >= r.min_modelled_share * e.weight as is_poolable,
    case
        when e.n_reports < r.min_reports then 'few_reports'
        when e.evidence = 'advertised' then null
        when e.employers_known_share >= r.min_known_employer_share and e.n_employers < r.min_employers
            then 'few_employers'
        when e.employers_known_share < r.min_known_employer_share and e.n_reports < r.min_reports_unknown_employers
            then 'few_reports'
        when e.top_employer_share > r.max_employer_share then 'dominated'
    end as suppression_reason
from cell_figures as e
cross join refresh as r
