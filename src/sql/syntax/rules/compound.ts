/**
 * The statements of stored programs, and those on conditions, which may also stand alone.
 * Source: MySQL 9.7 manual, "Compound Statement Syntax".
 */
export const compoundRules = `
program_statement = labeled | block | if_statement | case_statement | loop_statement | leave_statement
  | iterate_statement | return_statement | open_statement | fetch_statement | close_statement | statement
program_statements = {program_statement ;}+

labeled = label_ident : {block | loop_statement} [label_ident]
block = BEGIN block_content END
block_content = {declaration ;}* {program_statement ;}*
if_statement = IF expr THEN program_statements {ELSEIF expr THEN program_statements}* [ELSE program_statements] END IF
case_statement = CASE [case_value] case_branch+ [ELSE program_statements] END CASE
case_branch = WHEN expr THEN program_statements
loop_statement = LOOP program_statements END LOOP
  | WHILE expr DO program_statements END WHILE
  | REPEAT program_statements UNTIL expr END REPEAT
leave_statement = LEAVE label_ident
iterate_statement = ITERATE label_ident
return_statement = RETURN expr
open_statement = OPEN ident
fetch_statement = FETCH {NEXT FROM ident | NEXT ~here | [FROM] ident} INTO ident_list
close_statement = CLOSE ident

declaration = DECLARE {condition_declaration | cursor_declaration | handler_declaration | ident_list variable_type [DEFAULT expr]}
condition_declaration = ident CONDITION FOR condition_value
cursor_declaration = ident CURSOR FOR query
handler_declaration = {CONTINUE | EXIT} HANDLER FOR handled_condition# program_statement
condition_value = number | sqlstate
sqlstate = SQLSTATE [VALUE] string
handled_condition = condition_value | SQLWARNING | NOT FOUND | SQLEXCEPTION | ident

signal = SIGNAL signaled_condition [signal_information]
resignal = RESIGNAL [signaled_condition] [signal_information]
signaled_condition = sqlstate | ident
signal_information = SET signal_item#
signal_item = condition_item '=' simple_value
simple_value = literal | variable | column_ref

get = GET [CURRENT | STACKED] DIAGNOSTICS {CONDITION simple_value condition_question# | statement_question#}
condition_question = question_target '=' {condition_item | RETURNED_SQLSTATE}
statement_question = question_target '=' {NUMBER | ROW_COUNT}
question_target = at_name | ident
condition_item = CLASS_ORIGIN | SUBCLASS_ORIGIN | CONSTRAINT_CATALOG | CONSTRAINT_SCHEMA | CONSTRAINT_NAME | CATALOG_NAME
  | SCHEMA_NAME | TABLE_NAME | COLUMN_NAME | CURSOR_NAME | MESSAGE_TEXT | MYSQL_ERRNO
`
