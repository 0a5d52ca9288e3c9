{# A product code without what people do not see: case, spaces around and between, the form of its accents. #}
{% macro folded_code(code) -%}
    upper(nfc_normalize(trim(regexp_replace({{ code }}, '\s+', ' ', 'g'))))
{%- endmacro %}
