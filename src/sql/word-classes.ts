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

/** Reserved words that are values, so that a sign behind them is an operator. */
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
      return true
    default:
      return false
  }
}

/**
 * Words behind which a string is always a value. Behind others (ESCAPE, PATH, FORMAT …) it may be an alias as well, and
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
