{# The page of a document in Xero, in the right organisation: Xero's deep links begin with its short code. #}
{% macro xero_link(short_code, page, id) -%}
    'https://go.xero.com/organisationlogin/default.aspx?shortcode='
    || coalesce({{ short_code }}, '')
    || '&redirecturl={{ page }}'
    || {{ id }}
{%- endmacro %}
