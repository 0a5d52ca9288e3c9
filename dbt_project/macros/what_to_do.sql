{# What to do about a problem of Xero's data, one sentence per problem. #}
{% macro what_to_do(problem) -%}
    case
        {{ problem }}
        when 'sold_but_not_tracked'
        then
            'Turn on inventory tracking for the item in Xero, or set it to unstocked here if it is a service.'
        when 'negative_cost'
        then 'Correct the purchase price of the item in Xero.'
        when 'missing_cost'
        then 'Give the item a purchase price in Xero, or set its unit_cost here.'
        when 'setting_without_subject'
        then
            'Unset it, or set it for the product that replaced it: Xero no longer has an item with that code.'
        when 'no_supplier'
        then
            'Set its preferred supplier here; until then it is planned, but no order is drafted.'
        when 'duplicate_product_name'
        then
            'Rename the item in Xero, or discontinue it here, so that nobody orders the wrong one.'
        when 'duplicate_supplier_name'
        then 'Merge the contacts in Xero, or rename one of them.'
        when 'sale_without_product'
        then
            'Put the item on each line of the invoice in Xero: a line without an item is missing from demand.'
        when 'unreadable_record'
        then
            'Open it in Xero and save it once, then load again; dismiss it if it does not matter.'
        when 'negative_stock'
        then 'Correct the quantity of the item in Xero after a count.'
        when 'near_duplicate_code'
        then
            'Keep only one of the items in Xero, or rename one so that they are not confused.'
        when 'archived_supplier'
        then 'Set another preferred supplier here, or restore the contact in Xero.'
        when 'archived_supplier_with_orders'
        then 'Restore the contact in Xero, or delete its open orders.'
        when 'order_currency_differs'
        then
            'Unset order_currency of the supplier, or dismiss this if its orders are in that currency from now on.'
        when 'contact_not_loaded'
        then 'Load the suppliers: `stocktrim load --suppliers`.'
        when 'line_names_no_item'
        then
            'Put an existing item on the line in Xero, or create the item again with its code.'
        when 'credit_note_unmatched'
        then 'Check the contact, the items and the date of the credit note in Xero.'
        when 'return_unmatched'
        then 'Check the contact, the items and the date of the invoice in Xero.'
        when 'old_draft_invoice'
        then
            'Approve the invoice in Xero if the goods left, delete it if nobody waits for them; else dismiss it.'
        when 'old_draft_bill'
        then
            'Approve the bill in Xero if the goods came, delete it if they never will; else dismiss it.'
        when 'unknown_status'
        then 'Open it in Xero and check its status; report the status if it is new.'
        when 'unknown_type'
        then 'Open it in Xero and check what it is; report the type if it is new.'
        when 'foreign_amount_without_rate'
        then 'Open it in Xero and give it an exchange rate.'
        when 'order_late_and_unbilled'
        then
            'Bill the order in Xero if the goods came, clear its delivery date if they still come, else delete it.'
        when 'order_seems_delivered'
        then
            'Mark the order as billed in Xero if the bill delivered it: until then its goods count twice.'
        when 'order_refused_by_xero'
        then
            'Correct what Xero names and approve the order again (stocktrim orders approve), or reject it; until then its goods are not on order.'
        when 'sent_order_missing_in_xero'
        then
            'Look for the order in Xero: it was sent but is no longer there, so its goods are not on order. The plan suggests them again if needed.'
        when 'sent_order_deleted_in_xero'
        then
            'Nothing, if the deletion was intended: its goods are not on order, and the plan suggests them again if needed.'
        when 'stock_not_reconciled'
        then
            'Compare the item''s movements in Xero with its documents, and adjust its quantity after a count.'
        when 'stale_load'
        then 'Load from Xero before you order.'
        when 'demo_company'
        then 'Connect the live organisation: a demo company''s figures are made up.'
    end
{%- endmacro %}
