-- Grain: metric, leaf, tier, level, market, month, source, employer, weight, new_file, is_former: model_cells by the
-- export that they are new in.
-- Inputs: model_reports, new_reports, former_model_reports.
-- new_file is empty for known reports; is_former marks rows that the source no longer delivers.
with
reports as (
    select
        m.metric, m.leaf, m.tier, m.level, m.market, m.month, m.source, m.employer, m.weight, m.y,
        coalesce(n.file, '') as new_file,
        false as is_former
    from model_reports as m
    left join new_reports as n on m.export_sha256 = n.export_sha256 and m."row" = n."row"
    where m.is_modelled
    union all
    select
        f.metric, f.leaf, f.tier, f.level, f.market, f.month, f.source, f.employer, f.weight, f.y,
        '' as new_file,
        true as is_former
    from former_model_reports as f
)

select
    metric,
    leaf,
    tier,
    level,
    market,
    month,
    source,
    employer,
    weight,
    new_file,
    is_former,
    count(*) as n,
    cast(sum(cast(y as hugeint)) as bigint) as sum_y,
    cast(sum_of_squares(y) as bigint) as sum_yy
from reports
group by metric, leaf, tier, level, market, month, source, employer, weight, new_file, is_former
order by
    metric asc nulls last,
    leaf asc nulls last,
    tier asc nulls last,
    level asc nulls last,
    market asc nulls last,
    month asc nulls last,
    source asc nulls last,
    employer asc nulls last,
    weight asc nulls last,
    new_file asc nulls last,
    is_former asc nulls last
