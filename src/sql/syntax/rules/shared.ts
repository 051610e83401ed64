/**
 * What many statements share: names, accounts, numbers, character sets. Source: MySQL 9.7 manual, chapters
 * "Language Structure" and "SQL Statements". `ident`, `role_ident`, `label_ident`, `string`, `table`, … are terminals.
 */
export const sharedRules = `
if_exists = IF EXISTS
if_not_exists = IF NOT EXISTS

ident_list = ident#
ident_or_string = ident | string
qualified_name = ident [. ident]
column_ref = ident [. ident [. ident]]
table_list = table#

user = CURRENT_USER [( )] | user_name
user_name = ident_or_string [at_name]
user_list = user#
role = {role_ident | string} [at_name]
role_list = role#
definer = DEFINER = user

equals = '=' | ':='
number = integer | hex | decimal
whole_number = integer | hex
size = integer | hex | plain_ident
any_string = string | hex | bit

character_set = CHARSET | {CHARACTER | CHAR} SET
charset_name = BINARY | ident | string
collation_name = BINARY | ident | string
default_charset = [DEFAULT] character_set [equals] charset_name
default_collation = [DEFAULT] COLLATE [equals] collation_name

no_binlog = LOCAL | NO_WRITE_TO_BINLOG
table_or_tables = TABLE | TABLES
`
