/** Keys, constraints and indexes. Source: MySQL 9.7 manual, "CREATE TABLE Statement", "CREATE INDEX Statement". */
export const keyRules = `
key_definition = key_or_index key_name ( key_part_or_expr# ) index_option*
  | FULLTEXT [key_or_index] [ident] ( key_part_or_expr# ) fulltext_option*
  | SPATIAL [key_or_index] [ident] ( key_part_or_expr# ) common_index_option*
  | [CONSTRAINT [ident]] {PRIMARY KEY | UNIQUE [key_or_index]} key_name ( key_part_or_expr# ) index_option*
  | [CONSTRAINT [ident]] FOREIGN KEY [ident] ( key_part# ) references
  | [CONSTRAINT [ident]] CHECK ( expr ) [enforcement]
key_or_index = KEY | INDEX

key_name = ident TYPE index_type | [ident] [USING index_type]
index_type = BTREE | RTREE | HASH
key_part = ident [( int31 )] [ASC | DESC]
key_part_or_expr = key_part | ( expr ) [ASC | DESC]

index_option = common_index_option | {USING | TYPE} index_type
fulltext_option = common_index_option | WITH PARSER plain_ident
common_index_option = KEY_BLOCK_SIZE [equals] number
  | COMMENT string
  | {ENGINE_ATTRIBUTE | SECONDARY_ENGINE_ATTRIBUTE} [equals] string
  | visibility

create_index = [UNIQUE] INDEX ident [{USING | TYPE} index_type] ON table ( key_part_or_expr# ) index_option*
    [index_lock]
  | FULLTEXT INDEX ident ON table ( key_part_or_expr# ) fulltext_option* [index_lock]
  | SPATIAL INDEX ident ON table ( key_part_or_expr# ) common_index_option* [index_lock]
drop_index = INDEX ident ON table [index_lock]
index_lock = lock_option [algorithm_option] | algorithm_option [lock_option]
lock_option = LOCK [equals] {DEFAULT | ident}
algorithm_option = ALGORITHM [equals] {DEFAULT | ident}
`
