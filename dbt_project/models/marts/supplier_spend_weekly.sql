-- The amounts of lines on their documents, after discount and without included tax,
-- each at the rate of its document. If the rate of one document is unknown, the week's
-- amount is unknown rather than too small.
with
    lines as (
        select
            supplier_id,
            order_date as document_date,
            currency,
            currency_rate,
            line_amount as ordered_amount,
            0 as billed_amount
        from {{ ref("int_purchase_orders__lines") }}
        union all
        select supplier_id, bill_date, currency, currency_rate, 0, line_amount
        from {{ ref("int_bills__lines_that_count") }}
    ),

    organisation as (
        select coalesce(any_value(base_currency), '') as base_currency
        from {{ ref("stg_organisation") }}
    ),

    rated as (
        select
            lines.*,
            organisation.base_currency,
            {{
                rate_to_base(
                    "lines.currency",
                    "lines.currency_rate",
                    "organisation.base_currency",
                )
            }} as rate
        from lines
        cross join organisation
    ),

    weekly as (
        select
            supplier_id,
            date_trunc('week', document_date)::date as week_start_date,
            bool_and(rate is not null) as is_known,
            sum(round(ordered_amount / rate, 2)) as ordered_amount,
            sum(round(billed_amount / rate, 2)) as billed_amount,
            any_value(base_currency) as currency_code
        from rated
        group by all
    )

select
    weekly.supplier_id,
    suppliers.supplier_name,
    weekly.week_start_date,
    {{ money("if(weekly.is_known, weekly.ordered_amount, null)") }} as ordered_amount,
    {{ money("if(weekly.is_known, weekly.billed_amount, null)") }} as billed_amount,
    weekly.currency_code
from weekly
inner join
    {{ ref("int_suppliers__named") }} as suppliers
    on weekly.supplier_id = suppliers.supplier_id
order by weekly.supplier_id, weekly.week_start_date
