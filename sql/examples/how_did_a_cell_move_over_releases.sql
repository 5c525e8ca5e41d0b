-- How did the base pay of senior people in LLM work in the US move from release to release?
-- Means: change is against the previous release under the same method. moved is true if the two intervals of the median
-- do not overlap, so that chance alone is an unlikely reason. If a date was published several times, the last version
-- counts.
-- Does not mean: a pay rise of the same people, since different people report. Releases less than a year apart share
-- reports. The first release under a new method_version has no change, since its formulas differ too.
-- Inputs: history_bands.
with
cell as (
    select
        *,
        cast(coalesce(nullif(split_part(release, '.', 4), ''), '0') as integer) as suffix
    from history_bands
    where
        view = 'cards'
        and group_id = 'llm_foundation'
        and evidence = 'reported'
        and tier = 'all'
        and level = 'senior'
        and market = 'US'
        and metric = 'base'
),

latest_of_date as (
    select *
    from cell
    qualify row_number() over (partition by as_of order by suffix desc nulls last) = 1
),

compared as (
    select
        *,
        lag(p50) over (partition by method_version order by as_of asc nulls last) as former,
        lag(p50_low) over (partition by method_version order by as_of asc nulls last) as former_low,
        lag(p50_high) over (partition by method_version order by as_of asc nulls last) as former_high
    from latest_of_date
)

select
    release,
    as_of,
    method_version,
    n_reports,
    basis,
    p50,
    p50_low,
    p50_high,
    round(p50 / former - 1, 4) as change,
    p50_low > former_high or p50_high < former_low as moved
from compared
order by as_of
