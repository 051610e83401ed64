/**
 * The bits of sql_mode that change how a text is read, as flags to be or-ed.
 * Source: MySQL 9.7 manual, "Server SQL Modes"; ORACLE, MSSQL … of MariaDB imply bits as named there.
 */
export type SqlMode = number

export const ANSI_QUOTES = 1
export const NO_BACKSLASH_ESCAPES = 2
export const PIPES_AS_CONCAT = 4
export const IGNORE_SPACE = 8
export const HIGH_NOT_PRECEDENCE = 16
/** MariaDB's: stored programs are written in a dialect of PL/SQL. */
export const ORACLE = 32

export const DEFAULT_SQL_MODE: SqlMode = 0

const ANSI = ANSI_QUOTES | PIPES_AS_CONCAT | IGNORE_SPACE

const LEXICAL_BITS: ReadonlyMap<string, SqlMode> = new Map([
  ['ANSI_QUOTES', ANSI_QUOTES],
  ['NO_BACKSLASH_ESCAPES', NO_BACKSLASH_ESCAPES],
  ['PIPES_AS_CONCAT', PIPES_AS_CONCAT],
  ['IGNORE_SPACE', IGNORE_SPACE],
  ['HIGH_NOT_PRECEDENCE', HIGH_NOT_PRECEDENCE],
  ['ANSI', ANSI],
  ['DB2', ANSI],
  ['MAXDB', ANSI],
  ['MSSQL', ANSI],
  ['ORACLE', ANSI | ORACLE],
  ['POSTGRESQL', ANSI],
])

/** Lexical flags of a sql_mode value such as `ANSI_QUOTES,STRICT_TRANS_TABLES`; names without such a bit count nothing. */
export function parseSqlMode(value: string): SqlMode {
  let mode = 0
  for (const name of value.split(',')) mode |= LEXICAL_BITS.get(name.trim().toUpperCase()) ?? 0
  return mode
}

/** Modes that change nothing of how a text is read, of MySQL 8.0 to 9.7 and MariaDB. */
const otherModes: ReadonlySet<string> = new Set(
  `ALLOW_INVALID_DATES EMPTY_STRING_IS_NULL ERROR_FOR_DIVISION_BY_ZERO MYSQL323 MYSQL40 NO_AUTO_CREATE_USER
  NO_AUTO_VALUE_ON_ZERO NO_DIR_IN_CREATE NO_ENGINE_SUBSTITUTION NO_FIELD_OPTIONS NO_KEY_OPTIONS NO_TABLE_OPTIONS
  NO_UNSIGNED_SUBTRACTION NO_ZERO_DATE NO_ZERO_IN_DATE ONLY_FULL_GROUP_BY PAD_CHAR_TO_FULL_LENGTH REAL_AS_FLOAT
  SIMULTANEOUS_ASSIGNMENT STRICT_ALL_TABLES STRICT_TRANS_TABLES TIME_ROUND_FRACTIONAL TIME_TRUNCATE_FRACTIONAL
  TRADITIONAL`.split(/\s+/),
)

/** The first name in a sql_mode value that no server knows. */
export function unknownSqlMode(value: string): string | undefined {
  const names = value.split(',').map((name) => name.trim().toUpperCase())
  return names.find((name) => name !== '' && !LEXICAL_BITS.has(name) && !otherModes.has(name))
}
