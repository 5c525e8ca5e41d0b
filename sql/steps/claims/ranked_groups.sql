-- Grain: ranking, view, group_id: the groups that a source makes claims of rank about, and the premium that they are
-- ranked by.
-- Inputs: claim_ranges.
select distinct
    c.ranking,
    g.view,
    g.group_id,
    c.baseline,
    c.pay_metric as metric,
    c.tier,
    c.level
from claim_ranges as c
inner join claim_ranges as g on c.source = g.source
where c.kind = 'rank' and g.kind = 'rank'
