{# What a line's goods cost, in the document's currency: after discount, without included tax. Xero rounds LineAmount to
   the cent and may round UnitAmount too. Quantity times price has more decimals, so it is taken if it rounds to
   LineAmount; else LineAmount. #}
{% macro net_amount(line, document) -%}
    case
        when
            upper({{ document }}.line_amount_types) = 'INCLUSIVE'
            and {{ line }}.tax_amount != 0
        then
            coalesce({{ line }}.line_amount::double, {{ gross_amount(line) }})
            - {{ line }}.tax_amount::double
        when
            {{ line }}.line_amount is null
            or abs({{ gross_amount(line) }} - {{ line }}.line_amount::double) < 0.0051
        then {{ gross_amount(line) }}
        else {{ line }}.line_amount::double
    end
{%- endmacro %}
{# Quantity times price after discount, to the last decimal. #}
{% macro gross_amount(line) -%}
    (
        {{ line }}.quantity::double
        * {{ line }}.unit_price::double
        * (1 - coalesce({{ line }}.discount_rate, 0)::double / 100)
        - coalesce({{ line }}.discount_amount, 0)::double
    )
{%- endmacro %}
