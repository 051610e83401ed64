import type { Keyword } from './keywords.ts'

/** What the fingerprint pass has to know of single words. */

export function isUpper(sql: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const c = sql.charCodeAt(i)
    if (c >= 97 && c <= 122) return false
  }
  return true
}

export function takesHint(word: Keyword | ''): boolean {
  switch (word) {
    case 'SELECT':
    case 'INSERT':
    case 'REPLACE':
    case 'UPDATE':
    case 'DELETE':
      return true
    default:
      return false
  }
}

export function isQueryVerb(word: Keyword): boolean {
  switch (word) {
    case 'SELECT':
    case 'INSERT':
    case 'REPLACE':
    case 'UPDATE':
    case 'DELETE':
    case 'WITH':
    case 'VALUES':
    case 'TABLE':
    case 'SET':
    case 'DO':
    case 'CALL':
    case 'EXPLAIN':
    case 'DESCRIBE':
    case 'DESC':
    case 'VEXPLAIN':
      return true
    default:
      return false
  }
}

export function mayHoldProgram(word: Keyword): boolean {
  return word === 'CREATE' || word === 'ALTER'
}

/** Reserved words that are or end values, so that a sign behind them is an operator. */
export function endsOperand(word: Keyword): boolean {
  switch (word) {
    case 'NULL':
    case 'TRUE':
    case 'FALSE':
    case 'DEFAULT':
    case 'MAXVALUE':
    case 'CURRENT_DATE':
    case 'CURRENT_TIME':
    case 'CURRENT_TIMESTAMP':
    case 'CURRENT_USER':
    case 'LOCALTIME':
    case 'LOCALTIMESTAMP':
    case 'UTC_DATE':
    case 'UTC_TIME':
    case 'UTC_TIMESTAMP':
    case 'DAY_HOUR':
    case 'DAY_MICROSECOND':
    case 'DAY_MINUTE':
    case 'DAY_SECOND':
    case 'HOUR_MICROSECOND':
    case 'HOUR_MINUTE':
    case 'HOUR_SECOND':
    case 'MINUTE_MICROSECOND':
    case 'MINUTE_SECOND':
    case 'SECOND_MICROSECOND':
    case 'YEAR_MONTH':
      return true
    default:
      return false
  }
}

/** Operators that are words: what stands before them is an operand. */
export function isOperatorWord(word: Keyword | ''): boolean {
  switch (word) {
    case 'AND':
    case 'OR':
    case 'XOR':
    case 'DIV':
    case 'MOD':
    case 'IS':
    case 'IN':
    case 'NOT':
    case 'LIKE':
    case 'BETWEEN':
    case 'REGEXP':
    case 'RLIKE':
    case 'SOUNDS':
    case 'MEMBER':
    case 'COLLATE':
      return true
    default:
      return false
  }
}

/**
 * Words behind which a string is always a value. Behind others (FORMAT, NESTED …) it may be an alias as well, and
 * stays in the key, which is right for both.
 */
export function takesString(word: Keyword): boolean {
  return word === 'DATE' || word === 'TIME' || word === 'TIMESTAMP' || word === 'DEFAULT'
}

/** Types whose length or precision stands in parentheses, as in CAST(a AS CHAR(10)). */
export function isTypeWord(word: Keyword | ''): boolean {
  switch (word) {
    case 'CHAR':
    case 'CHARACTER':
    case 'NCHAR':
    case 'VARCHAR':
    case 'NVARCHAR':
    case 'VARYING':
    case 'BINARY':
    case 'VARBINARY':
    case 'DECIMAL':
    case 'DEC':
    case 'NUMERIC':
    case 'FIXED':
    case 'FLOAT':
    case 'DOUBLE':
    case 'PRECISION':
    case 'REAL':
    case 'TINYINT':
    case 'SMALLINT':
    case 'MEDIUMINT':
    case 'INT':
    case 'INTEGER':
    case 'BIGINT':
    case 'BIT':
    case 'DATETIME':
    case 'TIME':
    case 'TIMESTAMP':
    case 'TEXT':
    case 'BLOB':
    case 'VECTOR':
      return true
    default:
      return false
  }
}

/** Reserved words that end a type, as in COLUMNS (a INT PATH '$'). */
export function endsType(word: Keyword | ''): boolean {
  switch (word) {
    case 'UNSIGNED':
    case 'ZEROFILL':
    case 'TINYTEXT':
    case 'MEDIUMTEXT':
    case 'LONGTEXT':
    case 'TINYBLOB':
    case 'BLOB':
    case 'MEDIUMBLOB':
    case 'LONGBLOB':
    case 'LONG':
    case 'INT1':
    case 'INT2':
    case 'INT3':
    case 'INT4':
    case 'INT8':
    case 'MIDDLEINT':
    case 'FLOAT4':
    case 'FLOAT8':
    case 'EXISTS':
      return true
    default:
      return isTypeWord(word)
  }
}
