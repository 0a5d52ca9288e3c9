{# An amount in base currency; null where the rate is unknown, so that nothing is valued one to one in silence. #}
{% macro in_base_currency(amount, currency, rate, base) -%}
    case
        when coalesce({{ currency }}, '') in ('', {{ base }})
        then {{ amount }}::double
        else {{ amount }}::double / nullif({{ rate }}, 0)::double
    end
{%- endmacro %}
