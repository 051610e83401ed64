import { assert } from '../base/assert.ts'
import type { Bindings, OuterRows } from './bindings.ts'

export function outerRowsOf(bindings: Bindings): OuterRows {
  assert(bindings.outerRows !== undefined, 'the plan runs beneath a primitive that gives rows')
  return bindings.outerRows
}
