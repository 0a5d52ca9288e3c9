{# Units of a document's currency per unit of base currency; null if unknown: an amount without a rate is never taken one
   to one. #}
{% macro rate_to_base(currency, currency_rate, base_currency) -%}
    case
        when coalesce({{ currency }}, '') in ('', coalesce({{ base_currency }}, ''))
        then 1
        when {{ currency_rate }} > 0
        then {{ currency_rate }}::double
    end
{%- endmacro %}
