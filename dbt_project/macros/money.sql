{# An amount as it is kept: what is beyond a thousand million million is a slip, and stops no other product's row. #}
{% macro money(amount) -%}
    case
        when {{ amount }} > 1000000000000000
        then 1000000000000000
        when {{ amount }} < -1000000000000000
        then -1000000000000000
        else round({{ amount }}, 2)
    end::decimal(18, 2)
{%- endmacro %}
