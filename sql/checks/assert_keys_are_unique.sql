-- Keys of published tables that occur more than once.
-- Inputs: bands, estimates, premiums, multipliers, cards, changes.
with
keys as (
    select 'bands' as table_name, concat_ws('/', view, group_id, evidence, tier, level, market, metric) as key_text
    from bands
    union all
    select 'estimates' as table_name, concat_ws('/', view, group_id, evidence, tier, level, market, metric) as key_text
    from estimates
    union all
    select 'premiums' as table_name, concat_ws('/', view, group_id, baseline, metric, tier, level) as key_text
    from premiums
    union all
    select 'multipliers' as table_name, concat_ws('/', factor, value, metric) as key_text
    from multipliers
    union all
    select 'cards' as table_name, concat_ws('/', view, group_id) as key_text
    from cards
    union all
    select 'changes' as table_name, concat_ws('/', view, group_id, evidence, tier, level, market, metric) as key_text
    from changes
)

select table_name, key_text, count(*) as times
from keys
group by table_name, key_text
having count(*) > 1
order by table_name asc nulls last, key_text asc nulls last
