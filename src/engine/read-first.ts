import { SqlError } from '../errors/sql-error.ts'
import { isUnable } from '../errors/unable.ts'
import type { RowsFirst } from '../plan/write-primitives.ts'
import { RowLayout } from './row-format.ts'
import type { Row, RowFormat, StreamColumn } from './row-stream.ts'
import { runPrimitive } from './run.ts'
import type { RunContext } from './run-context.ts'

/** All rows of a query. */
export interface ReadRows {
  readonly rows: readonly Row[]
  readonly columns: readonly StreamColumn[]
  readonly format: RowFormat
  /** Taken from what the session may hold. */
  readonly bytes: number
}

/**
 * Reads all rows before anything is written. `keyWidth`: rows that are alike in as many of their first columns are one, the first.
 * Whoever gets them gives their bytes back. Throws ER_CAPACITY_EXCEEDED where they are too many.
 */
export async function readFirst(node: RowsFirst, context: RunContext, keyWidth?: number): Promise<ReadRows> {
  try {
    return await read(node.rows, { node, keyWidth }, context)
  } catch (error) {
    if (!isUnable(error) || node.overCopies === undefined) throw error
    return read(node.overCopies, { node, keyWidth }, context)
  }
}

interface Reading {
  readonly node: RowsFirst
  readonly keyWidth: number | undefined
}

async function read(
  from: RowsFirst['rows'],
  { node, keyWidth }: Reading,
  context: RunContext,
): Promise<ReadRows> {
  const { memory, limits } = context
  const stream = await runPrimitive(from, { ...context, asText: true, locksInOrder: true })
  const { columns, format } = stream
  const keyOf = keyWidth === undefined ? undefined : textOf(keyWidth, columns, format)
  const known = new Set<string>()
  const rows: Row[] = []
  let bytes = 0
  try {
    for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
      for (const row of batch) {
        const key = keyOf?.(row)
        if (key !== undefined && known.has(key)) continue
        // Its own memory, not that of all that came with it.
        const own = Buffer.from(row)
        if (!memory.take(own.length)) throw tooMany(node, 'connection_memory_limit')
        bytes += own.length
        rows.push(own)
        if (key !== undefined) known.add(key)
      }
      if (rows.length > limits.copiedRowsMax) throw tooMany(node, 'federation.rows')
    }
  } catch (error) {
    memory.give(bytes)
    throw error
  } finally {
    await stream.close()
  }
  return { rows, columns, format, bytes }
}

/** Tells rows apart by their cells from `from` on, up to `to`. */
export function textOf(
  to: number,
  columns: readonly StreamColumn[],
  format: RowFormat,
  from = 0,
): (row: Row) => string {
  const layout = new RowLayout(format, columns)
  const cells = new Int32Array(2 * columns.length)
  return (row) => {
    layout.locate(row, to, cells)
    let text = ''
    for (let c = from; c < to; c++) {
      const start = cells[2 * c]!
      const end = cells[2 * c + 1]!
      text += start < 0 ? 'N' : `${end - start}:${row.latin1Slice(start, end)}`
    }
    return text
  }
}

function tooMany({ construct }: RowsFirst, setting: string): SqlError {
  return new SqlError(
    'ER_CAPACITY_EXCEEDED',
    `${construct}: too many rows of several shards would have to be read before any is written. Ask for fewer at a time, or raise ${setting}`,
  )
}
