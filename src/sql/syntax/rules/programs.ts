/**
 * Stored procedures, functions and triggers, and events.
 * Source: MySQL 9.7 manual, "CREATE PROCEDURE and CREATE FUNCTION Statements", "CREATE TRIGGER Statement", "CREATE EVENT
 * Statement" and those next to them.
 *
 * The last LANGUAGE tells what a routine's body is: statements of SQL, or a text in another language.
 */
export const programRules = `
create_program = [definer] {create_procedure | create_function | create_trigger | create_event}
alter_program = {PROCEDURE | FUNCTION} qualified_name characteristic* | [definer] alter_event
drop_program = {PROCEDURE | FUNCTION | TRIGGER | EVENT} [if_exists] qualified_name

create_procedure = PROCEDURE [if_not_exists] qualified_name ( [procedure_parameter#] ) routine_tail
procedure_parameter = [IN | OUT | INOUT] variable_definition
create_function = FUNCTION [if_not_exists] qualified_name ( [variable_definition#] ) RETURNS variable_type routine_tail
variable_definition = ident variable_type
variable_type = field_type [COLLATE collation_name]

routine_tail = create_characteristic* {LANGUAGE SQL routine_tail | LANGUAGE ident foreign_tail | AS nothing | program_statement}
foreign_tail = create_characteristic* {LANGUAGE SQL routine_tail | LANGUAGE ident foreign_tail | AS {string | dollar_quoted}
  | BEGIN block_content ~END | program_statement ~here}
create_characteristic = [NOT] DETERMINISTIC | USING ( library# ) | plain_characteristic
characteristic = LANGUAGE {SQL | ident} | USING ( [library#] ) | plain_characteristic
plain_characteristic = COMMENT string | {NO | CONTAINS} SQL | {READS | MODIFIES} SQL DATA
  | SQL SECURITY {DEFINER | INVOKER}
library = qualified_name [[AS] ident]

create_trigger = TRIGGER [if_not_exists] qualified_name {BEFORE | AFTER} {INSERT | UPDATE | DELETE} ON table FOR EACH ROW
  [{FOLLOWS | PRECEDES} ident_or_string] program_statement

create_event = EVENT [if_not_exists] qualified_name event_schedule [event_completion] [event_status] [event_comment]
  DO program_statement
alter_event = EVENT qualified_name event_changes
event_changes = event_schedule [event_completion] [event_changes_2] | event_completion [event_changes_2] | event_changes_2
event_changes_2 = RENAME TO qualified_name [event_changes_3] | event_changes_3
event_changes_3 = event_status [event_changes_4] | event_changes_4
event_changes_4 = event_comment [DO program_statement] | DO program_statement

event_schedule = ON SCHEDULE {EVERY expr unit [STARTS expr] [ENDS expr] | AT expr}
event_completion = ON COMPLETION [NOT] PRESERVE
event_status = ENABLE | DISABLE [ON {SLAVE | REPLICA}]
event_comment = COMMENT string
`
