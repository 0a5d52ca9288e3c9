with
    differences as (select * from {{ ref("int_sales__differences_from_xero") }}),

    invoices as (select * from {{ ref("stg_invoices") }}),

    credit_notes as (select * from {{ ref("stg_credit_notes") }}),

    lines as (select * from {{ ref("stg_invoice_lines") }}),

    organisation as (
        select any_value(short_code) as short_code from {{ ref("stg_organisation") }}
    )

select
    differences.product_code,
    date_trunc('month', differences.demand_date)::date as month,
    differences.reason,
    differences.demand_date,
    invoices.invoice_number,
    differences.line_number,
    invoices.status,
    invoices.contact_name as customer_name,
    lines.quantity::double as quantity,
    differences.ours::double as our_quantity,
    differences.xeros::double as xero_quantity,
    (differences.ours - differences.xeros)::double as difference,
    coalesce(
        credit_notes.credit_note_number, returns.invoice_number
    ) as credit_note_number,
    coalesce(credit_notes.credit_note_date, returns.invoice_date) as credit_note_date,
    differences.invoice_id,
    differences.credit_note_id,
    case
        when credit_notes.credit_note_id is null
        then
            {{
                xero_link(
                    "organisation.short_code",
                    "/AccountsReceivable/View.aspx?InvoiceID=",
                    "coalesce(returns.invoice_id, differences.invoice_id)",
                )
            }}
        else
            {{
                xero_link(
                    "organisation.short_code",
                    "/AccountsReceivable/ViewCreditNote.aspx?creditNoteID=",
                    "differences.credit_note_id",
                )
            }}
    end as xero_link
from differences
inner join invoices on differences.invoice_id = invoices.invoice_id
inner join
    lines
    on differences.invoice_id = lines.invoice_id
    and differences.line_number = lines.line_number
left join credit_notes on differences.credit_note_id = credit_notes.credit_note_id
left join invoices as returns on differences.credit_note_id = returns.invoice_id
cross join organisation
order by
    differences.product_code,
    differences.demand_date,
    differences.reason,
    differences.invoice_id,
    differences.line_number,
    differences.credit_note_id
