-- Premiums, multipliers, shares and estimates outside their intervals, and rows that have only some of figure and
-- bounds.
-- Inputs: premiums, multipliers, cards, estimates.
with
figures as (
    select
        'premiums' as table_name,
        concat_ws('/', view, group_id, baseline, metric, tier, level) as key_text,
        identified as is_told,
        premium as figure,
        premium_low as low,
        premium_high as high
    from premiums
    union all
    -- the premium need not be inside its middle half, but the middle half needs a premium
    select
        'premiums' as table_name,
        concat_ws('/', view, group_id, baseline, metric, tier, level) as key_text,
        range_low is not null as is_told,
        case when range_low is not null or range_high is not null then premium end as figure,
        range_low as low,
        range_high as high
    from premiums
    union all
    select
        'multipliers' as table_name,
        concat_ws('/', factor, value, metric) as key_text,
        multiplier is not null as is_told,
        multiplier as figure,
        coalesce(low, case when usd is not null and high is null then multiplier end) as low,
        coalesce(high, case when usd is not null and low is null then multiplier end) as high
    from multipliers
    union all
    select
        'cards' as table_name,
        concat_ws('/', view, group_id) as key_text,
        demand is not null as is_told,
        demand as figure,
        demand_low as low,
        demand_high as high
    from cards
    union all
    select
        'estimates' as table_name,
        concat_ws('/', view, group_id, tier, level, market, metric) as key_text,
        true as is_told,
        p50 as figure,
        p50_low as low,
        p50_high as high
    from estimates
    union all
    select
        'estimates of people' as table_name,
        concat_ws('/', view, group_id, tier, level, market, metric) as key_text,
        true as is_told,
        p50 as figure,
        case when person_p10 <= person_p25 then person_p25 end as low,
        case when person_p75 <= person_p90 then person_p75 end as high
    from estimates
)

select table_name, key_text, figure, low, high
from figures
where
    (is_told and (figure is null or low is null or high is null or low > figure or figure > high))
    or (not is_told and coalesce(figure, low, high) is not null)
order by table_name asc nulls last, key_text asc nulls last
