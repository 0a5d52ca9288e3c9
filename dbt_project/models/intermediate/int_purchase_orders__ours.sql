-- Which order in Xero is which of ours: the one with the Xero id that we know, whatever
-- its number is now. An order that was sent with an unknown outcome has no id yet. It
-- is the one with our reference and our number, or with our reference and one of our
-- products, since a product is in one order of a plan.
with
    ledger as (select * from {{ ref("stg_ledger_order_lines") }}),

    orders as (
        select distinct
            order_id,
            lower(purchase_order_number) as order_number,
            lower(reference) as reference,
            state,
            purchase_order_id
        from ledger
    ),

    in_xero as (
        select
            purchase_order_id,
            status,
            lower(trim(purchase_order_number)) as order_number,
            lower(trim(reference)) as reference
        from {{ ref("stg_purchase_orders") }}
    ),

    of_no_order as (
        select in_xero.*
        from in_xero
        anti join orders on lower(in_xero.purchase_order_id) = orders.purchase_order_id
    ),

    named_alike as (
        select
            orders.order_id,
            of_no_order.purchase_order_id,
            of_no_order.status,
            of_no_order.order_number = orders.order_number as has_number
        from orders
        inner join of_no_order on orders.reference = of_no_order.reference
        where
            orders.purchase_order_id is null
            and orders.state in ('approved', 'sending')
            and (
                of_no_order.order_number = orders.order_number
                or (
                    of_no_order.order_number not in (select order_number from orders)
                    and exists (
                        select 1
                        from {{ ref("stg_purchase_order_lines") }} as held
                        inner join ledger on held.product_code = ledger.product_code
                        where
                            held.purchase_order_id = of_no_order.purchase_order_id
                            and ledger.order_id = orders.order_id
                    )
                )
            )
    )

select orders.order_id, in_xero.purchase_order_id, in_xero.status
from orders
inner join in_xero on orders.purchase_order_id = lower(in_xero.purchase_order_id)
union all
select
    order_id,
    arg_max(purchase_order_id, (has_number, purchase_order_id)) as purchase_order_id,
    arg_max(status, (has_number, purchase_order_id)) as status
from named_alike
group by order_id
