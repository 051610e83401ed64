import { SqlError } from '../errors/sql-error.ts'
import { isFloat, isIntegral, isQuoted, isText, type Value } from '../values/value.ts'

/** LIMIT's numbers are unsigned 64-bit. */
export const ROW_COUNT_MAX = 2n ** 64n - 1n

/**
 * A count of rows for LIMIT or OFFSET, of a literal or a param of COM_STMT_EXECUTE. Measured on MySQL 9.7 and MariaDB 10.11:
 *
 * | param | MySQL | MariaDB |
 * |---|---|---|
 * | NULL | 0 | 0 |
 * | integer below 0 | 1690 | no limit |
 * | text | the number that it begins with; no limit below 0 | the same |
 * | double | 1210 | rounded; no limit below 0 |
 * | others | 1210 | 1210 (it would convert them) |
 */
export function rowCountOf(value: Value, isMariadb: boolean): bigint {
  const text = Buffer.from(value.bytes).latin1Slice()
  if (value.type === 'NULL') return 0n
  if (isIntegral(value.type)) {
    const count = BigInt(text)
    if (count < 0n && !isMariadb) throw outOfRange()
    return within(count)
  }
  if (isText(value.type) && isQuoted(value.type)) return within(leadingInteger(text))
  if (isMariadb && isFloat(value.type)) return within(roundedDouble(Number(text)))
  throw new SqlError('ER_WRONG_ARGUMENTS', 'Incorrect arguments to mysqld_stmt_execute')
}

function outOfRange(): SqlError {
  return new SqlError('ER_DATA_OUT_OF_RANGE', "SIGNED INTEGER value is out of range in 'mysqld_stmt_execute'")
}

/** The integer that a text begins with, 0 where it begins with none. */
export function leadingInteger(text: string): bigint {
  const found = /^\s*([+-]?\d+)/.exec(text)
  return found === null ? 0n : BigInt(found[1].replace('+', ''))
}

/** Halves go to the even neighbour, as `rint()` has them. */
function roundedDouble(n: number): bigint {
  if (!Number.isFinite(n)) return n > 0 ? ROW_COUNT_MAX : -1n
  const floor = Math.floor(n)
  const isUp = n - floor > 0.5 || (n - floor === 0.5 && floor % 2 !== 0)
  return BigInt(isUp ? floor + 1 : floor)
}

/** A negative number is a large unsigned one: no limit. */
function within(count: bigint): bigint {
  return count < 0n || count > ROW_COUNT_MAX ? ROW_COUNT_MAX : count
}
