-- A company of $lines sales lines, written straight into raw, the same for the same size: twenty lines an invoice, 250 a
-- product and 400 a customer over three years; a credit note for every 60 lines, a line of an order for every 40, and a
-- bill for nineteen of twenty orders, half of which carry the order's number.
create macro day(n) as date '2026-06-14' - (n % 1095)::integer;
create macro id(kind, n) as kind || md5(kind || n);
create macro chance(n, sides) as (hash(n) % sides::ubigint)::bigint;
create table size as select $lines as lines, greatest(1, $lines // 250) as products,
    greatest(1, $lines // 400) as customers;
insert into raw.as_of values (date '2026-06-15');
insert into raw.xero_organisation by name select 'o' as organisation_id, 'Any Company' as name, 'GBP' as base_currency;
insert into raw.planning_settings by name select 'global' as level, '' as subject, 'lead_time_days' as name, '14' as value;
insert into raw.xero_items by name select id('item', p) as item_id, 'P-' || p as code, 'Product ' || p as name,
    true as is_tracked_as_inventory, 1000 as quantity_on_hand, 0 as quantity_on_back_order, 2.5 as purchase_unit_price
    from size, range(if(size.lines = 0, 0, size.products)) as r(p);
insert into raw.xero_contacts by name select id('contact', c) as contact_id, 'Contact ' || c as name
    from size, range(if(size.lines = 0, 0, size.customers)) as r(c);
insert into raw.xero_invoices by name select id('sale', n) as invoice_id, 'ACCREC' as type, 'INV-' || n as invoice_number,
    if(n % 50 = 0, 'DRAFT', 'PAID') as status, id('contact', chance(n, customers)) as contact_id, day(n) as invoice_date,
    'GBP' as currency_code, 1 as currency_rate, 100 as total from size, range(size.lines // 20) as r(n);
insert into raw.xero_invoice_lines by name select id('sale', n // 20) as invoice_id,
    n % 20 + 1 as line_number, id('item', p) as item_id, 'P-' || p as item_code,
    1 + chance(n + 1, 12) as quantity, 5 as unit_amount
    from (select n, chance(n, products) as p from size, range(size.lines) as r(n));
insert into raw.xero_credit_notes by name select id('credit', n) as credit_note_id, 'ACCRECCREDIT' as type,
    'CN-' || n as credit_note_number, 'PAID' as status, id('contact', chance(n, customers)) as contact_id,
    day(n) + 10 as credit_note_date, 'GBP' as currency_code, 1 as currency_rate, 5 as total
    from size, range(size.lines // 60) as r(n);
insert into raw.xero_credit_note_lines by name select id('credit', n) as credit_note_id, 1 as line_number,
    id('item', p) as item_id, 'P-' || p as item_code, 1 + chance(n, 6) as quantity, 5 as unit_amount
    from (select n, chance(n * 20, products) as p
          from size, range(size.lines // 60) as r(n));
insert into raw.xero_purchase_orders by name select id('order', n) as purchase_order_id,
    'PO-' || n as purchase_order_number, if(n % 20 = 0, 'AUTHORISED', 'BILLED') as status,
    id('contact', chance(n, 40)) as contact_id, day(n) as order_date, 'GBP' as currency_code, 1 as currency_rate
    from size, range(size.lines // 40 // 5) as r(n);
insert into raw.xero_purchase_order_lines by name select id('order', n // 5) as purchase_order_id,
    n % 5 + 1 as line_number, id('item', p) as item_id, 'P-' || p as item_code, 300 as quantity, 2.5 as unit_amount
    from (select n, chance(n, products) as p from size, range(size.lines // 40) as r(n));
insert into raw.xero_invoices by name select id('bill', n) as invoice_id, 'ACCPAY' as type,
    if(n % 2 = 0, 'PO-' || n, 'SI-' || n) as invoice_number, 'PAID' as status,
    id('contact', chance(n, 40)) as contact_id, day(n) + 20 as invoice_date, 'GBP' as currency_code,
    1 as currency_rate, 100 as total from size, range(size.lines // 40 // 5) as r(n) where n % 20 != 0;
insert into raw.xero_invoice_lines by name select id('bill', n // 5) as invoice_id,
    n % 5 + 1 as line_number, id('item', p) as item_id, 'P-' || p as item_code, 300 as quantity, 2.5 as unit_amount
    from (select n, chance(n, products) as p from size, range(size.lines // 40) as r(n))
    where (n // 5) % 20 != 0;
