/**
 * Types and attributes of columns; stored programs use the types too.
 * Source: MySQL 9.7 manual, "CREATE TABLE Statement" and chapter "Data Types".
 */
export const columnRules = `
field_definition = field_type {generated_column | column_attribute*}
generated_column = [COLLATE collation_name] [GENERATED ALWAYS] AS ( expr ) [VIRTUAL | STORED] column_attribute*

field_type = number_type | text_type | time_type | spatial_type
  | BIT [length] | BOOL | BOOLEAN | JSON | SERIAL | VECTOR [length]

number_type = integer_type [length] number_option*
  | {REAL | FLOAT8 | DOUBLE [PRECISION]} [precision] number_option*
  | {FLOAT | FLOAT4 | DECIMAL | DEC | NUMERIC | FIXED} [precision | length] number_option*
integer_type = INT | INTEGER | TINYINT | SMALLINT | MEDIUMINT | BIGINT | INT1 | INT2 | INT3 | INT4 | INT8 | MIDDLEINT
number_option = SIGNED | UNSIGNED | ZEROFILL
length = ( {integer | plain_decimal} )
precision = ( int31 , int31 )

text_type = {ENUM | SET} ( any_string# ) [text_charset]
  | varchar length [text_charset]
  | national_varchar length [BINARY]
  | national_char [length] [BINARY]
  | LONG {VARBINARY | [varchar] [text_charset]}
  | VARBINARY length
  | {BINARY | BLOB} [length]
  | {{CHAR | CHARACTER | TEXT} [length] | TINYTEXT | MEDIUMTEXT | LONGTEXT} [text_charset]
  | TINYBLOB | MEDIUMBLOB | LONGBLOB
varchar = VARCHAR | VARCHARACTER | {CHAR | CHARACTER} VARYING
national_char = NCHAR | NATIONAL {CHAR | CHARACTER}
national_varchar = NVARCHAR | {NATIONAL | NCHAR} {VARCHAR | VARCHARACTER} | national_char VARYING
text_charset = BINARY [ASCII | UNICODE | character_set charset_name]
  | {ASCII | UNICODE | character_set charset_name} [BINARY]
  | BYTE

time_type = DATE | {TIME | TIMESTAMP | DATETIME} [( int31 )] | {YEAR | SQL_TSI_YEAR} [length] number_option*
spatial_type = GEOMETRY | GEOMETRYCOLLECTION | GEOMCOLLECTION | POINT | MULTIPOINT | LINESTRING | MULTILINESTRING
  | POLYGON | MULTIPOLYGON

column_attribute = stray_enforcement
  | [NOT] NULL | NOT SECONDARY
  | DEFAULT {( expr ) | now | signed_literal}
  | ON UPDATE now
  | AUTO_INCREMENT
  | SERIAL DEFAULT VALUE
  | [PRIMARY] KEY
  | UNIQUE [KEY]
  | COMMENT string
  | COLLATE collation_name
  | COLUMN_FORMAT {DEFAULT | FIXED | DYNAMIC}
  | STORAGE {DEFAULT | DISK | MEMORY}
  | SRID whole_number
  | [CONSTRAINT [ident]] CHECK ( expr ) enforcement*
  | {ENGINE_ATTRIBUTE | SECONDARY_ENGINE_ATTRIBUTE} [equals] string
  | EXTERNAL_FORMAT string
  | MASKING POLICY ident
  | visibility
enforcement = [plain_not] ENFORCED
visibility = VISIBLE | INVISIBLE

now = {NOW | CURRENT_TIMESTAMP | LOCALTIME | LOCALTIMESTAMP} [( [int31] )]
signed_literal = literal | {'+' | '-'} {integer | decimal}
literal = {string | national | introducer string} string*
  | [introducer] {hex | bit}
  | integer | decimal
  | {DATE | TIME | TIMESTAMP} string
  | TRUE | FALSE | NULL
`
