-- Grain: one row: the percentile of an amount in what the macro `answer` returns, or no row if nothing answers.
-- Inputs: answer.
-- Parameters: "group", tier, level, market, metric, amount (annual USD), view, evidence.
-- The percentile is interpolated linearly in log pay between shown percentiles. If one of them or of their bounds is 0,
-- which has no log, all three curves are interpolated in pay, since a straight and a bent curve could cross. If
-- rounding made percentiles equal, the one nearest the median counts. Beyond the shown percentiles `percentile` is null
-- and `reading` says below or above which.
-- The interval comes from the curves of the bounds: percentile_low if every percentile were at its upper bound,
-- percentile_high if every one were at its lower bound. Each end is the furthest that its curve allows, so that the
-- percentile is between them even if bounds are equal or cross. The bounds of a modelled range move with its median's.
with
asked as (
    select cast(amount as double) as amount_usd
),

answered as (
    select * from answer("group", tier, level, market, metric, view := view, evidence := evidence)
),


-- the shown percentiles and their bounds, which are the knots of three curves
points as (
    select
        a.amount_usd,
        unnest([10, 25, 50, 75, 90]) as percentile,
        unnest([b.p10, b.p25, b.p50, b.p75, b.p90]) as figure,
        case
            when b.basis = 'modelled'
                then
                    unnest([b.p10, b.p25, b.p50, b.p75, b.p90]) * b.p50_low / b.p50
            else unnest([b.p10_low, b.p25_low, b.p50_low, b.p75_low, b.p90_low])
        end as low,
        case
            when b.basis = 'modelled'
                then
                    unnest([b.p10, b.p25, b.p50, b.p75, b.p90]) * b.p50_high / b.p50
            else unnest([b.p10_high, b.p25_high, b.p50_high, b.p75_high, b.p90_high])
        end as high
    from answered as b
    cross join asked as a
    where b.p50 is not null
),

knots as (
    select
        p.amount_usd,
        p.percentile,
        unnest(['figure', 'low', 'high']) as curve,
        unnest([p.figure, p.low, p.high]) as usd
    from points as p
    where p.figure is not null
),

segments as (
    select
        k.amount_usd,
        k.curve,
        k.percentile,
        cast(k.usd as double) as usd,
        lead(k.percentile) over (partition by k.curve order by k.percentile asc nulls last) as next_percentile,
        cast(lead(k.usd) over (partition by k.curve order by k.percentile asc nulls last) as double) as next_usd,
        min(k.usd) over (partition by k.percentile) > 0 as has_log
    from knots as k
    where k.usd is not null and k.amount_usd is not null
),

-- the percentile at which a curve passes the amount, if that is between two knots
crossed as (
    select
        s.amount_usd,
        s.curve,
        s.percentile,
        s.usd,
        case
            when s.usd < s.amount_usd and s.amount_usd < s.next_usd
                then s.percentile + (s.next_percentile - s.percentile) * case
                    when s.has_log then ln(s.amount_usd / s.usd) / ln(s.next_usd / s.usd)
                    else (s.amount_usd - s.usd) / (s.next_usd - s.usd)
                end
        end as crossing
    from segments as s
),

-- the first percentile at which a curve is at or above the amount, and the last at which it is at or below
curves as (
    select
        c.curve,
        min(c.percentile) as first_shown,
        max(c.percentile) as last_shown,
        arg_min(c.usd - c.amount_usd, c.percentile) > 0 as starts_above,
        arg_max(c.usd - c.amount_usd, c.percentile) < 0 as ends_below,
        min(case when c.usd >= c.amount_usd then c.percentile else c.crossing end) as first_above,
        max(coalesce(c.crossing, case when c.usd <= c.amount_usd then c.percentile end)) as last_below
    from crossed as c
    group by c.curve
),

-- -1 is below the first shown percentile, 101 above the last
positions as (
    select
        c.first_shown,
        c.last_shown,
        c.curve,
        case
            when c.curve = 'high' and c.starts_above then -1
            when c.curve = 'high' then coalesce(c.first_above, 101)
            when c.curve = 'low' and c.ends_below then 101
            when c.curve = 'low' then coalesce(c.last_below, -1)
            when c.starts_above then -1
            when c.ends_below then 101
            else greatest(c.first_above, least(50, c.last_below))
        end as percentile
    from curves as c
),

worded as (
    select
        p.curve,
        case when p.percentile between 0 and 100 then round(p.percentile, 1) end as percentile,
        case
            when p.percentile < 0 then concat('below P', p.first_shown)
            when p.percentile > 100 then concat('above P', p.last_shown)
            else concat('P', cast(round(p.percentile) as integer))
        end as reading
    from positions as p
),

-- the curve of upper bounds gives the low end, and the reverse
readings as (
    select
        max(case when w.curve = 'figure' then w.percentile end) as percentile,
        max(case when w.curve = 'high' then w.percentile end) as percentile_low,
        max(case when w.curve = 'low' then w.percentile end) as percentile_high,
        max(case when w.curve = 'figure' then w.reading end) as reading,
        max(case when w.curve = 'high' then w.reading end) as reading_low,
        max(case when w.curve = 'low' then w.reading end) as reading_high
    from worded as w
)

select
    a.amount_usd as amount,
    r.*,
    -- how far it is from what the model says of the cell asked for
    round(a.amount_usd / b.modelled_p50, 3) as of_modelled_p50,
    round(a.amount_usd / b.modelled_p10, 3) as of_modelled_p10,
    round(a.amount_usd / b.modelled_p90, 3) as of_modelled_p90,
    b.*
from answered as b
cross join asked as a
cross join readings as r
where b.p50 is not null
order by b.view asc nulls last, b.group_id asc nulls last
