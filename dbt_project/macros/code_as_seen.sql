{# A product code as a tired eye sees it: no case, no blanks or characters without a width, accents in one form, every
   dash as a hyphen, wide digits as narrow ones, an O as a zero. Codes that are alike by this are easily mistaken. #}
{% macro code_as_seen(code) -%}
    translate(
        upper(nfc_normalize(regexp_replace({{ code }}, '[\s\p{Z}\p{C}]+', '', 'g'))),
        'O‐‑‒–—−０１２３４５６７８９',
        '0------0123456789'
    )
{%- endmacro %}
