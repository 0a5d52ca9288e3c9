{# Comments on the columns of the tables that Python fills, as dbt's own `persist_docs` writes them for models. A comment
   that is already there is not written again. #}
{% macro comment_on_sources() -%}
    {%- if execute -%}
        {%- set present = {} -%}
        {%- for column, comment in run_query(
            "select concat_ws('.', schema_name, table_name, column_name), comment from duckdb_columns() "
            ~ "where database_name = current_database() and not internal"
        ).rows -%}
            {%- do present.update({column: comment}) -%}
        {%- endfor -%}
        {%- for source in graph.sources.values() if source.schema != "raw" -%}
            {%- for column in source.columns.values() -%}
                {%- set name = [source.schema, source.name, column.name] | join(
                    "."
                ) -%}
                {%- set words = column.description | trim -%}
                {%- if name in present and words and present[name] != words %}
comment on column {{ name }} is '{{ words | replace("'", "''") }}';
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
