import { SqlError } from '../errors/sql-error.ts'
import type { NextIds } from '../plan/primitives.ts'
import { binaryCollation, columnFlags, fieldTypes } from '../values/types.ts'
import type { Bindings } from './bindings.ts'
import { writeExact } from './number-cell.ts'
import { bindRowCount } from './plan-value.ts'
import { RowLayout, rebuildRow } from './row-format.ts'
import type { RowBatch, RowFormat, RowStream, StreamColumn } from './row-stream.ts'
import type { ShardPort } from './shard-port.ts'

/** More at once is a mistake rather than a need; a vttablet's counter is as wide. */
const idsMax = 2n ** 31n - 1n

/** `SELECT NEXT n VALUES FROM seq`: one row with the first of the reserved ids. */
export async function nextFromSequence(
  plan: NextIds,
  options: { readonly bindings: Bindings; readonly port: ShardPort; readonly format: RowFormat },
): Promise<RowStream> {
  const count = plan.count === undefined ? 1n : bindRowCount(plan.count, options.bindings)
  if (count < 1n || count > idsMax) {
    const text = `invalid increment for sequence ${plan.table}: ${count}`
    throw new SqlError('ER_UNKNOWN_ERROR', text)
  }
  const first = await options.port.nextIds(plan.keyspace, plan.table, Number(count))
  const cell = writeExact(nextval, options.format, { unscaled: first, scale: 0 })
  const row = rebuildRow(new RowLayout(options.format, [nextval]), undefined, new Int32Array(2), [cell])
  return new OneBatch([nextval], options.format, [row])
}

class OneBatch implements RowStream {
  readonly columns: readonly StreamColumn[]
  readonly format: RowFormat
  #batch: RowBatch | undefined

  constructor(columns: readonly StreamColumn[], format: RowFormat, batch: RowBatch) {
    this.columns = columns
    this.format = format
    this.#batch = batch
  }

  async next(): Promise<RowBatch | undefined> {
    const batch = this.#batch
    this.#batch = undefined
    return batch
  }

  async close(): Promise<void> {
    this.#batch = undefined
  }
}

const nextvalType = {
  type: fieldTypes.longLong,
  flags: columnFlags.notNull,
  decimals: 0,
  collation: binaryCollation,
  length: 20,
} as const

const nextval: StreamColumn = { name: 'nextval', ...nextvalType, definition: defineNextval() }

/** Source: MySQL client/server protocol, "Protocol::ColumnDefinition41". */
function defineNextval(): Buffer {
  const { type, flags, decimals, collation, length } = nextvalType
  const names = ['def', '', '', '', 'nextval', 'nextval'].map((name) =>
    Buffer.concat([Buffer.of(name.length), Buffer.from(name, 'latin1')]),
  )
  const fixed = Buffer.alloc(13)
  fixed[0] = 0x0c
  fixed.writeUInt16LE(collation, 1)
  fixed.writeUInt32LE(length, 3)
  fixed[7] = type
  fixed.writeUInt16LE(flags, 8)
  fixed[10] = decimals
  return Buffer.concat([...names, fixed])
}
