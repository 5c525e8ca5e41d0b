-- Grain: view, group_id, evidence, tier, level, market, metric: the difference between two releases less its restated
-- part, with its standard error and degrees of freedom.
-- Inputs: changed_cells (of the two releases), chained_parts, chain (is_linked, method_changed).
-- From published tables nobody knows which reports two releases share. Nothing is taken to be common to them, so the
-- error is too large rather than too small.
select
    c.view,
    c.group_id,
    c.evidence,
    c.tier,
    c.level,
    c.market,
    c.metric,
    c.new - c.old - case when h.is_linked then s.restated else 0 end as difference,
    sqrt((c.new_width * c.new_width + c.restated_width * c.restated_width) / (4 * 1.96 * 1.96)) as error,
    cast(null as double) as share_deviate,
    degrees_of_freedom(least(c.new_effective, c.restated_effective)) as df
from changed_cells as c
cross join chain as h
left join chained_parts as s
    on
        c.view = s.view
        and c.group_id = s.group_id
        and c.evidence = s.evidence
        and c.tier = s.tier
        and c.level = s.level
        and c.market = s.market
        and c.metric = s.metric
where c.change = 'changed' and (h.is_linked or not h.method_changed)
