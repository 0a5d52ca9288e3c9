-- Sorted before the links are written, since a million links are slow to sort.
with
    organisation as (
        select any_value(short_code) as short_code from {{ ref("stg_organisation") }}
    ),

    sorted as (
        select
            demand.*,
            coalesce(contacts.contact_name, demand.contact_name, '') as customer_name,
            organisation.short_code
        from {{ ref("int_demand__netted_of_credits") }} as demand
        left join
            {{ ref("stg_contacts") }} as contacts
            on demand.contact_id = contacts.contact_id
        cross join organisation
        order by
            demand.product_code,
            demand.demand_date,
            demand.invoice_number,
            demand.invoice_id,
            demand.line_number
    )

select
    product_code,
    demand_date,
    invoice_number,
    line_number,
    status,
    contact_id as customer_id,
    customer_name,
    sold_quantity::double as sold_quantity,
    (sold_quantity - quantity)::double as credited_quantity,
    quantity::double as quantity,
    unit_price,
    currency,
    invoice_id,
    {{
        xero_link(
            "short_code", "/AccountsReceivable/View.aspx?InvoiceID=", "invoice_id"
        )
    }} as xero_link
from sorted
