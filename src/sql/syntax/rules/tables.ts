/** Tables, indexes, views and databases. Source: MySQL 9.7 manual, "Data Definition Statements". */
export const tableRules = `
create_table = [TEMPORARY] TABLE rest
alter_table = TABLE rest
drop_table = [TEMPORARY] {TABLE | TABLES} rest
rename_table = {TABLE | TABLES} rest
create_index = [UNIQUE | FULLTEXT | SPATIAL] INDEX rest
drop_index = INDEX rest
create_view = [OR REPLACE] VIEW rest
alter_view = VIEW rest
drop_view = VIEW rest
create_database = {DATABASE | SCHEMA} rest
alter_database = {DATABASE | SCHEMA} rest
drop_database = {DATABASE | SCHEMA} rest
`
