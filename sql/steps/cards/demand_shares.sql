-- Grain: view, group_id, part: shares with Wilson's 95 % score interval, without continuity correction.
-- Inputs: demand_counts.
with
scored as (
    select
        view,
        group_id,
        part,
        cast(group_count as double) as x,
        cast(all_count as double) as n,
        cast(1.959963984540054 as double) as z
    from demand_counts
)

select
    view,
    group_id,
    part,
    x / n as share,
    (2 * x + z * z - z * sqrt(z * z + 4 * x * (n - x) / n)) / (2 * (n + z * z)) as share_low,
    (2 * x + z * z + z * sqrt(z * z + 4 * x * (n - x) / n)) / (2 * (n + z * z)) as share_high
from scored
