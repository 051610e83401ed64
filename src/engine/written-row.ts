import type { WrittenRow } from '../plan/plan.ts'
import type { Value } from '../values/value.ts'
import type { Bindings } from './bindings.ts'
import { bindValue } from './plan-value.ts'

/** Equal for statements that change the same row; undefined where this one names none: several rows, a key that is NULL. */
export function writtenRowKey({ key, values }: WrittenRow, bindings: Bindings): string | undefined {
  let text = key
  for (const value of 'slot' in values ? cellsOf(values, bindings) : bound(values, bindings)) {
    if (value.type === 'NULL' || value.type === 'EXPRESSION') return undefined
    text += `\0${Buffer.from(value.bytes.buffer, value.bytes.byteOffset, value.bytes.byteLength).latin1Slice()}`
  }
  return text === key ? undefined : text
}

function bound(
  values: Exclude<WrittenRow['values'], { slot: number }>,
  bindings: Bindings,
): readonly Value[] {
  return values.map((value) => bindValue(value, bindings))
}

function cellsOf(
  { slot, cells }: Extract<WrittenRow['values'], { slot: number }>,
  bindings: Bindings,
): readonly Value[] {
  const rows = bindings.rows(slot)
  const isOne = rows.rowCount === 1 && cells.every((cell) => cell < rows.width)
  return isOne ? cells.map((cell) => rows.cellValue(0, cell)) : []
}
