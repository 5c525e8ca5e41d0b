-- Keys of bands that stand twice.
select view, group_id, evidence, tier, level, market, metric, count(*) as times
from bands
group by view, group_id, evidence, tier, level, market, metric
having count(*) > 1
order by view, group_id, evidence, tier, level, market, metric
