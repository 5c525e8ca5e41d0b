-- Is an offer of 240,000 base and 500,000 in all in range for post-training at a frontier lab, L5, in the Bay Area?
-- Means: reading is where the amount lies in the band that answered, P60 being above 60 % of such people; with 95 %
-- confidence the truth lies from reading_low to reading_high. fallback names each step from the cell asked for to the
-- wider one that answered; it is empty where that cell itself did.
-- Does not mean: fair or unfair. `above P75` says no more than that. A band of wider scope is of other people too.
-- Inputs: offer_percentile, a macro of the mart; nothing comes back where not even the widest cell is shown.
select
    metric,
    cast(amount as bigint) as amount,
    reading,
    reading_low,
    reading_high,
    array_to_string(fallback, '; ') as fallback,
    view,
    group_id,
    tier,
    level,
    market,
    n_reports,
    p25,
    p50,
    p75,
    p50_precision
from (
    select * from offer_percentile('post_training', 'T1', 'L5', 'us-sf-bay', 'base', 240000)
    union all by name
    select * from offer_percentile('post_training', 'T1', 'L5', 'us-sf-bay', 'total', 500000)
) as offers
order by metric
