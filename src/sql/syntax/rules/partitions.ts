/**
 * Partitioning, in CREATE TABLE and ALTER TABLE. A parenthesis behind it opens the definitions of partitions, never a
 * query. Source: MySQL 9.7 manual, "CREATE TABLE Statement".
 */
export const partitionRules = `
partition_by = PARTITION BY partition_kind [PARTITIONS whole_number] [subpartition_by]
  {partition_definitions | no_paren}
partition_kind = [LINEAR] {KEY [key_algorithm] ( [ident_list] ) | HASH ( partition_expr )}
  | {RANGE | LIST} {( partition_expr ) | {COLUMNS | FIELDS} ( ident_list )}
subpartition_by = SUBPARTITION BY [LINEAR] {HASH ( bit_expr ) | KEY [key_algorithm] ( ident_list )}
  [SUBPARTITIONS whole_number]
key_algorithm = ALGORITHM = one_or_two

partition_definitions = ( partition_definition# )
partition_definition = PARTITION ident [VALUES {less_than | in_values}] partition_option* [( subpartition# )]
less_than = LESS THAN {MAXVALUE | partition_values}
in_values = IN {two_parens ( partition_values# ) | one_paren partition_values}
partition_values = ( {MAXVALUE | bit_expr}# )
subpartition = SUBPARTITION ident_or_string partition_option*
partition_option = TABLESPACE [equals] ident
  | [STORAGE] ENGINE [equals] ident_or_string
  | NODEGROUP [equals] whole_number
  | {MAX_ROWS | MIN_ROWS} [equals] whole_number
  | {DATA | INDEX} DIRECTORY [equals] string
  | COMMENT [equals] string
`
