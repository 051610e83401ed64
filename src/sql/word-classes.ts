import { isReserved, type Keyword } from './keywords.ts'
import { wordCount, wordName, wordNumber } from './words.ts'

/**
 * What the fingerprint pass has to know of single words: for each keyword's number (words.ts) a set of these bits. One
 * look-up a word, where a Map and a dozen comparisons of strings took half the time of the pass.
 */
export const RESERVED = 1
/** A reserved word that is or ends a value, so that a sign behind it is an operator. */
export const ENDS_OPERAND = 2
/** A type whose length or precision stands in parentheses, as in CAST(a AS CHAR(10)). */
export const TYPE = 4
/** A word that ends a type, as in COLUMNS (a INT PATH '$'). */
export const ENDS_TYPE = 8
/** A verb of a statement that is a query as to its expressions: true but of DDL and administration. */
export const QUERY_VERB = 16
/** A verb behind which optimizer hints stand. */
export const TAKES_HINT = 32
/** An operator: what stands before it is an operand. */
export const OPERATOR_WORD = 64
/**
 * A string behind it is always a value. Behind others (FORMAT, NESTED …) it may be an alias as well, and stays in the
 * key, which is right for both.
 */
export const TAKES_STRING = 128
/** A string behind it is a name: an alias, a character set or a collation. */
export const TAKES_NAME = 256
/** A string behind it is a value behind an operand (INT PATH '$'), and otherwise a column's alias. */
export const TAKES_STRING_BEHIND_OPERAND = 512
/** Ends a select list, or the list behind BY. */
export const NEXT_CLAUSE = 1024
/** A select list follows. */
export const STARTS_LIST = 2048

const words: readonly (readonly [bits: number, words: string])[] = [
  [
    ENDS_OPERAND,
    `NULL TRUE FALSE DEFAULT MAXVALUE CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER LOCALTIME
    LOCALTIMESTAMP UTC_DATE UTC_TIME UTC_TIMESTAMP DAY_HOUR DAY_MICROSECOND DAY_MINUTE DAY_SECOND HOUR_MICROSECOND
    HOUR_MINUTE HOUR_SECOND MINUTE_MICROSECOND MINUTE_SECOND SECOND_MICROSECOND YEAR_MONTH`,
  ],
  [
    TYPE | ENDS_TYPE,
    `CHAR CHARACTER NCHAR VARCHAR NVARCHAR VARYING BINARY VARBINARY DECIMAL DEC NUMERIC FIXED FLOAT DOUBLE PRECISION
    REAL TINYINT SMALLINT MEDIUMINT INT INTEGER BIGINT BIT DATETIME TIME TIMESTAMP TEXT BLOB VECTOR`,
  ],
  [
    ENDS_TYPE,
    `UNSIGNED ZEROFILL TINYTEXT MEDIUMTEXT LONGTEXT TINYBLOB MEDIUMBLOB LONGBLOB LONG INT1 INT2 INT3 INT4 INT8
    MIDDLEINT FLOAT4 FLOAT8 EXISTS`,
  ],
  [
    QUERY_VERB,
    'SELECT INSERT REPLACE UPDATE DELETE WITH VALUES TABLE SET DO CALL EXPLAIN DESCRIBE DESC VEXPLAIN',
  ],
  [TAKES_HINT, 'SELECT INSERT REPLACE UPDATE DELETE'],
  [OPERATOR_WORD, 'AND OR XOR DIV MOD IS IN NOT LIKE BETWEEN REGEXP RLIKE SOUNDS MEMBER COLLATE'],
  [TAKES_STRING, 'DATE TIME TIMESTAMP DEFAULT'],
  [TAKES_NAME, 'AS SET COLLATE USING NAMES INTO'],
  [TAKES_STRING_BEHIND_OPERAND, 'ESCAPE PATH ZONE'],
  [
    NEXT_CLAUSE,
    `FROM WHERE GROUP ORDER HAVING LIMIT INTO FOR LOCK UNION EXCEPT INTERSECT WINDOW QUALIFY PROCEDURE ROWS RANGE
    GROUPS SEPARATOR SET`,
  ],
  [STARTS_LIST, 'SELECT RETURNING'],
]

const commonClasses = new Uint16Array(wordCount)
for (const [bits, text] of words) {
  for (const word of text.split(/\s+/)) commonClasses[wordNumber(word as Keyword)] |= bits
}

const classesByVersion = new Map<number, Uint16Array>()

/** The bits of every word, by its number, in a server of this version. */
export function wordClasses(serverVersion: number): Uint16Array {
  const known = classesByVersion.get(serverVersion)
  if (known !== undefined) return known
  const classes = commonClasses.map((bits, word) =>
    isReserved(wordName(word), serverVersion) ? bits | RESERVED : bits,
  )
  classesByVersion.set(serverVersion, classes)
  return classes
}
