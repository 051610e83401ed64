import { unreachable } from '../base/assert.ts'
import type { PlanValue } from '../plan/values.ts'
import { integerValue, isFloat, isIntegral, isText, nullValue, type Value } from '../values/value.ts'
import type { Bindings } from './bindings.ts'
import { outerRowsOf } from './outer-rows.ts'
import { ROW_COUNT_MAX, rowCountOf } from './row-count.ts'

/** The value of this execution. */
export function bindValue(planned: PlanValue, bindings: Bindings): Value {
  switch (planned.kind) {
    case 'Slot':
      return bindings.slotValue(planned.slot)
    case 'Param':
      return bindings.paramValue(planned.param)
    case 'Constant':
      return planned.value
    case 'Session':
      return integerValue(BigInt(bindings.sessionText(planned.session)))
    case 'Cell':
      return outerRowsOf(bindings).value(planned.column)
    case 'Computed':
      return bindings.computedValue(planned.text)
    case 'Negated':
      return negate(bindValue(planned.value, bindings))
    default:
      return unreachable(planned)
  }
}

/** Whether NULL is a value here (`<=>`) and not the end of every comparison. */
export function isNullSafe(planned: PlanValue): boolean {
  return planned.kind === 'Negated' ? isNullSafe(planned.value) : planned.nullSafe === true
}

/** A count of rows for LIMIT or OFFSET. Throws what a server answers to a param that is none. */
export function bindRowCount(planned: PlanValue, bindings: Bindings): bigint {
  return rowCountOf(bindValue(planned, bindings), bindings.isMariadb)
}

/** Rows that a shard must send for `offset + count`, within what LIMIT takes. */
export function bindLimitSum(pair: readonly [PlanValue, PlanValue], bindings: Bindings): bigint {
  const sum = bindRowCount(pair[0], bindings) + bindRowCount(pair[1], bindings)
  return sum > ROW_COUNT_MAX ? ROW_COUNT_MAX : sum
}

/** A row count as a number; those that no answer can reach are Infinity. */
export function rowCountNumber(count: bigint): number {
  return count > BigInt(Number.MAX_SAFE_INTEGER) ? Number.POSITIVE_INFINITY : Number(count)
}

/** `-value` as MySQL computes it; an EXPRESSION, which routes nowhere in particular, where that is not plain. */
function negate(value: Value): Value {
  if (value.type === 'NULL') return nullValue
  const text = latin1(value.bytes)
  const isNegative = text.startsWith('-')
  const bytes = Buffer.from(isNegative ? text.slice(1) : `-${text}`, 'latin1')
  if (isIntegral(value.type)) return negatedInteger(-BigInt(text))
  if (value.type === 'DECIMAL' || isFloat(value.type)) return { type: value.type, bytes }
  const isPlainText = isText(value.type) && /^[0-9]{1,15}$/.test(text)
  return isPlainText ? negatedInteger(-BigInt(text)) : { type: 'EXPRESSION', bytes }
}

function negatedInteger(n: bigint): Value {
  const type = n < -(2n ** 63n) ? 'DECIMAL' : n >= 2n ** 63n ? 'UINT64' : 'INT64'
  return { type, bytes: Buffer.from(n.toString(), 'latin1') }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).latin1Slice()
}
