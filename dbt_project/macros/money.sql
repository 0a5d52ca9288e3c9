{# An amount as it is stored. Above 10^15 it is a typing error, and capped so that it does not stop the whole build. #}
{% macro money(amount) -%}
    case
        when {{ amount }} > 1000000000000000
        then 1000000000000000
        when {{ amount }} < -1000000000000000
        then -1000000000000000
        else round({{ amount }}, 2)
    end::decimal(18, 2)
{%- endmacro %}
