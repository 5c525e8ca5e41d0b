-- Grain: one row per metric and report that predictions are fitted to: how far its pay is from what the model says.
-- Inputs: model_reports, fitted_cells.
-- In units of the scale of its country, tier and level; `known` is around what the model says of its cell, `unseen`
-- around what it would say without its employer, null if it could say nothing.
select
    c.metric,
    c.kind,
    c.employer,
    r.weight,
    (r.y / 65536.0 - c.centre) / c.scale as known,
    (r.y / 65536.0 - c.unseen) / c.scale as unseen
from model_reports as r
inner join fitted_cells as c
    on
        r.metric = c.metric
        and r.leaf = c.leaf
        and r.tier = c.tier
        and r.level = c.level
        and r.is_inferred = c.is_inferred
        and r.is_modelled = c.is_modelled
        and r.country = c.country
        and r.market = c.market
        and r.month = c.month
        and r.source = c.source
        and r.weight = c.weight
        and r.employer is not distinct from c.employer
