{# An amount in base currency; null if the rate is unknown. #}
{% macro in_base_currency(amount, currency, currency_rate, base_currency) -%}
    {{ amount }}::double / {{ rate_to_base(currency, currency_rate, base_currency) }}
{%- endmacro %}
