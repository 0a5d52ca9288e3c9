-- Each sales line and each cancelled unit that counts otherwise here than on the
-- invoices in Xero, with what it adds to our total and to Xero's.
with
    counted as (select * from {{ ref("int_demand__netted_of_credits") }}),

    drafts as (
        select *, 'draft_counted' as reason, sold_quantity as ours, 0 as xeros
        from counted
        where status in ('DRAFT', 'SUBMITTED')
    ),

    renamed as (
        select *
        from counted
        where product_code != code_on_line and status not in ('DRAFT', 'SUBMITTED')
    )

select
    invoice_id,
    line_number,
    null as credit_note_id,
    product_code,
    demand_date,
    reason,
    ours,
    xeros
from drafts
union all
select
    invoice_id,
    line_number,
    null,
    product_code,
    demand_date,
    'other_product',
    sold_quantity,
    0
from renamed
union all
select
    invoice_id,
    line_number,
    null,
    code_on_line,
    demand_date,
    'other_product',
    0,
    sold_quantity
from renamed
union all
select
    cancelled.invoice_id,
    cancelled.line_number,
    cancelled.credit_note_id,
    counted.product_code,
    counted.demand_date,
    case
        when cancelled.is_return
        then 'returned_on_invoice'
        when
            date_trunc('month', cancelled.credit_note_date)
            = date_trunc('month', counted.demand_date)
        then 'credit_note'
        else 'other_date'
    end,
    - sum(cancelled.quantity),
    0
from {{ ref("int_demand__sales_cancelled_by_credits") }} as cancelled
inner join
    counted
    on cancelled.invoice_id = counted.invoice_id
    and cancelled.line_number = counted.line_number
group by all
union all
select invoice_id, line_number, null, product_code, demand_date, reason, 0, xeros
from {{ ref("int_sales__lines_not_counted") }}
