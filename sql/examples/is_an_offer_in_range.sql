-- Is an offer of 240,000 base and 500,000 in total in range for post-training at a frontier lab, L5, in the Bay Area?
-- Means: reading is the percentile of the amount in the band that answered; P60 is above 60 % of such people. With 95 %
-- confidence the true percentile is from reading_low to reading_high. fallback names each step from the cell asked for
-- to the wider one that answered, and is empty if that cell itself answered. No row if even the widest cell is
-- suppressed.
-- Does not mean: fair or unfair. `above P75` says no more than that. A wider band includes other people too.
-- Inputs: offer_percentile (a macro of the mart).
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
