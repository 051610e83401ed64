/** Options of CREATE TABLE and ALTER TABLE. Source: MySQL 9.7 manual, "CREATE TABLE Statement". */
export const tableOptionRules = `
table_options = table_option {[,] table_option}*
table_option = ENGINE [equals] ident_or_string
  | SECONDARY_ENGINE [equals] {NULL | ident_or_string}
  | {MAX_ROWS | MIN_ROWS | AVG_ROW_LENGTH | AUTO_INCREMENT | KEY_BLOCK_SIZE} [equals] {integer | decimal}
  | {PASSWORD | COMMENT | COMPRESSION | ENCRYPTION | CONNECTION} [equals] string
  | {ENGINE_ATTRIBUTE | SECONDARY_ENGINE_ATTRIBUTE} [equals] string
  | {PACK_KEYS | STATS_AUTO_RECALC | STATS_PERSISTENT} [equals] switch
  | STATS_SAMPLE_PAGES [equals] {DEFAULT | number}
  | {CHECKSUM | TABLE_CHECKSUM | DELAY_KEY_WRITE} [equals] number
  | ROW_FORMAT [equals] {DEFAULT | FIXED | DYNAMIC | COMPRESSED | REDUNDANT | COMPACT}
  | UNION [equals] ( [table_list] )
  | default_charset | default_collation
  | INSERT_METHOD [equals] {NO | FIRST | LAST}
  | {DATA | INDEX} DIRECTORY [equals] string
  | TABLESPACE [equals] ident
  | STORAGE {DISK | MEMORY}
  | START TRANSACTION
  | AUTOEXTEND_SIZE [equals] size
  | external_option
switch = DEFAULT | zero_or_one

external_option = FILE_FORMAT [equals] ( file_format )
  | FILES [equals] ( external_file {[,] external_file}* )
  | {ALLOW_MISSING_FILES | STRICT_LOAD | VERIFY_KEY_CONSTRAINTS | AUTO_REFRESH} [equals] switch
  | AUTO_REFRESH_SOURCE [equals] {NONE | string}
external_file = {URI | URL | FILE_NAME | FILE_PATTERN | FILE_PREFIX} [equals] any_string
  | {ALLOW_MISSING_FILES | STRICT_LOAD} [equals] switch
file_format = file_format_option* [{FIELDS | COLUMNS} external_field+] [LINES external_line+]
  [IGNORE int31 {LINES | ROWS}]
file_format_option = {FORMAT | COMPRESSION} ident_or_string | character_set charset_name | HEADER {ON | OFF}
external_field = {TERMINATED | [OPTIONALLY] ENCLOSED | ESCAPED} BY any_string
  | plain_not ENCLOSED
  | {DATE | TIME | DATETIME} FORMAT any_string
  | NULL AS any_string
  | EMPTY VALUE any_string
external_line = {STARTING | TERMINATED} BY any_string
`
