/**
 * ALTER TABLE: a list of alterations, with a partitioning behind it, or one of those that stand alone.
 * Source: MySQL 9.7 manual, "ALTER TABLE Statement".
 */
export const alterTableRules = `
alter_table = TABLE table {{alter_modifier ,}* lone_alteration | [alterations] [partition_by | REMOVE PARTITIONING]}
alterations = {alteration ,}* {alteration | ORDER BY order_column#}
order_column = column_ref [ASC | DESC]
alter_modifier = algorithm_option | lock_option | validation
validation = {WITH | WITHOUT} VALIDATION

alteration = alter_modifier
  | ADD {key_definition | [COLUMN] {( table_element# ) | ident field_definition [references] [column_place]}}
  | CHANGE [COLUMN] ident ident field_definition [column_place]
  | MODIFY [COLUMN] ident field_definition [column_place]
  | DROP {FOREIGN KEY ident | PRIMARY KEY | {key_or_index | CHECK | CONSTRAINT} ident}
  | DROP [COLUMN] ident [RESTRICT | CASCADE]
  | {DISABLE | ENABLE} KEYS
  | ALTER {INDEX ident visibility | {CHECK | CONSTRAINT} ident enforcement}
  | ALTER [COLUMN] ident {SET column_change | DROP {DEFAULT | MASKING POLICY}}
  | RENAME {COLUMN | key_or_index} ident TO ident
  | RENAME [TO | = | AS] table
  | CONVERT TO character_set {DEFAULT | charset_name} [COLLATE collation_name]
  | FORCE
  | table_option+
column_place = AFTER ident | FIRST
column_change = DEFAULT {( expr ) | signed_literal} | visibility | MASKING POLICY ident

lone_alteration = {DISCARD | IMPORT} {TABLESPACE | PARTITION partition_names TABLESPACE}
  | ADD PARTITION [no_binlog] [partition_definitions | PARTITIONS whole_number]
  | DROP PARTITION ident_list
  | {REBUILD | OPTIMIZE | ANALYZE} PARTITION [no_binlog] partition_names
  | CHECK PARTITION partition_names check_partition_option*
  | REPAIR PARTITION [no_binlog] partition_names {QUICK | EXTENDED | USE_FRM}*
  | COALESCE PARTITION [no_binlog] whole_number
  | TRUNCATE PARTITION partition_names
  | REORGANIZE PARTITION [no_binlog] [ident_list INTO partition_definitions]
  | EXCHANGE PARTITION ident WITH TABLE table [validation]
  | SECONDARY_LOAD [PARTITION ( ident_list )] [VALIDATE [{ALL | integer} ROWS] ONLY] [GUIDED {ON | OFF}]
  | SECONDARY_UNLOAD [PARTITION ( ident_list )]
partition_names = ALL | ident_list
check_partition_option = QUICK | FAST | MEDIUM | EXTENDED | CHANGED | FOR UPGRADE
`
