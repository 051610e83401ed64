import { leadingInteger, ROW_COUNT_MAX } from '../../engine/row-count.ts'
import { SqlError } from '../../errors/sql-error.ts'
import type { Statement } from '../../sql/ast.ts'
import { visit } from '../../sql/visit.ts'

/** The `?`, by index, that stand in LIMIT. */
export function limitParams(statement: Statement): ReadonlySet<number> {
  const found = new Set<number>()
  visit(statement, (node) => {
    if (node.kind !== 'Limit') return undefined
    for (const side of [node.count, node.offset]) if (side?.kind === 'Param') found.add(side.index)
    return undefined
  })
  return found
}

/**
 * What stands in LIMIT for a user variable's value, given as SQL text. Measured on MySQL 9.7, which takes integers only, and
 * MariaDB 10.11, which takes what begins with a number. NULL is 0 to both. Throws what they answer to others.
 */
export function limitText(value: string, isMariadb: boolean): string {
  if (value === 'NULL') return '0'
  if (/^\d+$/.test(value) && BigInt(value) <= ROW_COUNT_MAX) return value
  if (isMariadb) return asMariadb(value)
  if (/^-\d+$/.test(value))
    throw new SqlError('ER_DATA_OUT_OF_RANGE', "unsigned integer value is out of range in 'EXECUTE'")
  throw wrongArguments()
}

function asMariadb(value: string): string {
  const count = mariadbCount(value)
  if (count < 0n) throw wrongArguments()
  return String(count > ROW_COUNT_MAX ? ROW_COUNT_MAX : count)
}

function mariadbCount(value: string): bigint {
  const bytes = /^_binary x'([0-9a-fA-F]*)'$/.exec(value)?.[1]
  if (bytes !== undefined) return leadingInteger(Buffer.from(bytes, 'hex').latin1Slice())
  const text = /'(.*)'/s.exec(value)?.[1]
  if (text !== undefined) return leadingInteger(text)
  if (/[eE]/.test(value)) return doubleCount(Number(value))
  const isHalfOrMore = /^-?\d*\.[5-9]/.test(value)
  const whole = leadingInteger(value)
  return isHalfOrMore ? whole + (value.startsWith('-') ? -1n : 1n) : whole
}

/** A double loses its fraction. */
function doubleCount(n: number): bigint {
  return Number.isFinite(n) ? BigInt(Math.trunc(n)) : ROW_COUNT_MAX
}

function wrongArguments(): SqlError {
  return new SqlError('ER_WRONG_ARGUMENTS', 'Incorrect arguments to EXECUTE')
}
