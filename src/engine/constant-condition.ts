import { unreachable } from '../base/assert.ts'
import type { ConstantCondition } from '../plan/routing.ts'
import { isIntegral, type Value } from '../values/value.ts'
import type { Bindings } from './bindings.ts'
import { bindValue } from './plan-value.ts'

/** False where it is sure that the comparison is not true: of NULL, or of integers; others are MySQL's to compare. */
export function mayBeTrue({ op, left, right }: ConstantCondition, bindings: Bindings): boolean {
  const [a, b] = [bindValue(left, bindings), bindValue(right, bindings)]
  if (a.type === 'NULL' || b.type === 'NULL') return false
  if (!isIntegral(a.type) || !isIntegral(b.type)) return true
  const difference = numberOf(a) - numberOf(b)
  switch (op) {
    case '=':
      return difference === 0n
    case '<>':
      return difference !== 0n
    case '<':
      return difference < 0n
    case '<=':
      return difference <= 0n
    case '>':
      return difference > 0n
    case '>=':
      return difference >= 0n
    default:
      return unreachable(op)
  }
}

function numberOf({ bytes }: Value): bigint {
  return BigInt(Buffer.from(bytes).latin1Slice())
}
