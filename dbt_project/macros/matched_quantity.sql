{# How much of an order line a bill line delivers, if both lie end to end in the same queue: the overlap of their
   intervals (upto - quantity, upto]; 0 or negative if they do not overlap. #}
{% macro matched_quantity(ordered, billed) -%}
    least({{ ordered }}.upto, {{ billed }}.upto) - greatest(
        {{ ordered }}.upto - {{ ordered }}.quantity,
        {{ billed }}.upto - {{ billed }}.quantity
    )
{%- endmacro %}
