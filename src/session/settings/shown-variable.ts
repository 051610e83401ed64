/**
 * SQL text of a user variable where a client is shown it: a literal of its value that has the type and length which the
 * servers give to variables of its kind (`Item_func_get_user_var`; seen on MySQL 9.7 and MariaDB 10.11). `text`: the value as
 * SQL text (session-state.ts). A DECIMAL keeps its digits: the
 * servers say thirty and more, which it does not show, but would in an expression.
 */
export function shownVariable(text: string, isMariadb: boolean): string {
  if (text === 'NULL') return isMariadb ? `IF(TRUE, NULL, ${LONG_BYTES})` : 'CAST(NULL AS BINARY(65532))'
  const kind = kindOf(text)
  if (kind === 'text') return `IF(TRUE, ${text}, CAST(NULL AS CHAR(16777215)${charsetOf(text)}))`
  if (kind === 'bytes')
    return `IF(TRUE, ${text}, ${isMariadb ? LONG_BYTES : 'CAST(NULL AS BINARY(16777215))'})`
  return shownNumber(text, isMariadb)
}

/** Text is in the character set that an introducer says, else in the connection's. */
function charsetOf(text: string): string {
  const [, charset] = /^_(\w+) /.exec(text) ?? []
  return charset === undefined ? '' : ` CHARACTER SET ${charset}`
}

/** A LONGBLOB; it is not computed. */
const LONG_BYTES = `RPAD(_binary'', 16777216, _binary'0')`

/** The same within an expression, where texts keep the collation that a literal has: in other clauses they stand so, too. */
export function shownNumber(text: string, isMariadb: boolean): string {
  switch (kindOf(text)) {
    case 'integer':
      return `IF(TRUE, ${text}, ${isMariadb ? 'NULLIF(-9223372036854775807, 0)' : 'CAST(NULL AS SIGNED)'})`
    case 'double':
      return `IF(TRUE, ${text}, NULLIF(1e0 + 1, 0))`
    case 'unsigned':
      return isMariadb ? `NULLIF(${text}, 0)` : `IF(TRUE, ${text}, CAST(NULL AS UNSIGNED))`
    case 'decimal':
      return `NULLIF(${text}, NULL)`
    default:
      return text
  }
}

type Kind = 'integer' | 'unsigned' | 'decimal' | 'double' | 'bytes' | 'text'

/** Integers beyond 64 bits are decimals to a server. */
function kindOf(text: string): Kind {
  if (/^-?\d+$/.test(text)) return kindOfInteger(BigInt(text))
  if (/^-?[\d.]+$/.test(text)) return 'decimal'
  if (/^-?[\d.]/.test(text)) return 'double'
  return text.startsWith('_binary') ? 'bytes' : 'text'
}

function kindOfInteger(n: bigint): Kind {
  if (BigInt.asIntN(64, n) === n) return 'integer'
  return BigInt.asUintN(64, n) === n ? 'unsigned' : 'decimal'
}
