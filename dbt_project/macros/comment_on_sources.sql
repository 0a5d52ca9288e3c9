{# The meaning of the tables that Python fills, written where a reader of the published file finds it; dbt's own
   `persist_docs` does the same for models. What the warehouse already says is not said again. #}
{% macro comment_on_sources() -%}
    {%- if execute -%}
        {%- set said = {} -%}
        {%- for column, comment in run_query(
            "select concat_ws('.', schema_name, table_name, column_name), comment from duckdb_columns() "
            ~ "where database_name = current_database() and not internal"
        ).rows -%}
            {%- do said.update({column: comment}) -%}
        {%- endfor -%}
        {%- for source in graph.sources.values() if source.schema != "raw" -%}
            {%- for column in source.columns.values() -%}
                {%- set name = [source.schema, source.name, column.name] | join(
                    "."
                ) -%}
                {%- set words = column.description | trim -%}
                {%- if name in said and words and said[name] != words %}
comment on column {{ name }} is '{{ words | replace("'", "''") }}';
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
