import { notSupported, SqlError } from '../errors/sql-error.ts'
import type { AssignedColumn, ChosenWrite } from '../plan/primitives.ts'
import { collationById } from '../values/charsets.ts'
import { classOf, columnFlags, fieldTypes } from '../values/types.ts'
import { bindQuery } from './bind.ts'
import type { OkOutcome } from './outcome.ts'
import { beneath, StreamRows } from './outer-rows.ts'
import { anyShardIndex, resolveRouting } from './resolve.ts'
import { RowLayout } from './row-format.ts'
import type { Row, RowFormat, StreamColumn } from './row-stream.ts'
import { runPrimitive } from './run.ts'
import type { RunContext } from './run-context.ts'
import type { WriteAnswer } from './shard-port.ts'
import { throwAsStrict } from './strict-conditions.ts'
import { sumAnswers } from './write.ts'

/** Chooses the rows, and has each shard change its own. Throws what a condition on a value is in strict mode. */
export async function runChosenWrite(node: ChosenWrite, context: RunContext): Promise<OkOutcome> {
  const chosen = await chosenRows(node, context)
  try {
    return await changeRows(chosen, node, context)
  } finally {
    context.memory.give(chosen.bytes)
  }
}

async function changeRows(chosen: Chosen, node: ChosenWrite, context: RunContext): Promise<OkOutcome> {
  const { bindings, shards, port } = context
  const told = await port.conditions()
  // MariaDB warns of what a condition compares.
  if (shards.insertMode.isStrict && !node.ignore && !bindings.isMariadb) throwAsStrict(told.conditions)
  checkAssigned(chosen, node)
  const { keyspace } = node.routing
  const steps = stepsOf(chosen, node, context)
  const answers: WriteAnswer[] = []
  for (const step of steps) {
    const writes = step.map(([shard, rows]) => {
      const own = new StreamRows(rows, chosen.columns, chosen.format, node.charsets)
      return { keyspace, shard, query: bindQuery(node.query, beneath(bindings, own)) }
    })
    answers.push(...(await port.write(writes)))
  }
  const sum = sumAnswers(answers, port)
  // MariaDB says nothing of a condition that it need not ask any row.
  const info = sum.info === '' && node.verb === 'update' ? NOTHING_MATCHED : sum.info
  return {
    ...sum,
    warnings: sum.warnings + told.count,
    info: info.replace(/Warnings: \d+$/, `Warnings: ${sum.warnings + told.count}`),
    conditions: [...told.conditions, ...sum.conditions],
  }
}

const NOTHING_MATCHED = 'Rows matched: 0  Changed: 0  Warnings: 0'

interface Chosen {
  readonly rows: readonly Row[]
  readonly columns: readonly StreamColumn[]
  readonly format: RowFormat
  /** Taken from what the session may hold. */
  readonly bytes: number
}

/** Each once, though a join may have met it several times. */
async function chosenRows(node: ChosenWrite, context: RunContext): Promise<Chosen> {
  try {
    return await read(node.rows, node, context)
  } catch (error) {
    const isUnable = error instanceof SqlError && UNABLE.has(error.code)
    if (!isUnable || node.overCopies === undefined) throw error
    return read(node.overCopies, node, context)
  }
}

/** It cannot be done by rules, or there is no memory to do it. */
const UNABLE: ReadonlySet<string> = new Set(['ER_NOT_SUPPORTED_YET', 'ER_OUT_OF_SORTMEMORY'])

async function read(from: ChosenWrite['rows'], node: ChosenWrite, context: RunContext): Promise<Chosen> {
  const { memory, limits } = context
  const stream = await runPrimitive(from, { ...context, asText: true, locksInOrder: true })
  const { columns, format } = stream
  const keyOf = textOf(node.keyWidth, columns, format)
  const known = new Map<string, Row>()
  let bytes = 0
  try {
    for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
      for (const row of batch) {
        const key = keyOf(row)
        if (known.has(key)) continue
        // Its own memory, not that of all that came with it.
        const own = Buffer.from(row)
        if (!memory.take(own.length)) throw tooMany(node, 'connection_memory_limit')
        bytes += own.length
        known.set(key, own)
      }
      if (known.size > limits.copiedRowsMax) throw tooMany(node, 'federation.rows')
    }
  } catch (error) {
    memory.give(bytes)
    throw error
  } finally {
    await stream.close()
  }
  return { rows: [...known.values()], columns, format, bytes }
}

/** Tells rows apart by their cells from `from` on, up to `to`. */
function textOf(
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

function tooMany({ construct }: ChosenWrite, setting: string): SqlError {
  return new SqlError(
    'ER_CAPACITY_EXCEEDED',
    `${construct}: too many rows of several shards would have to be chosen at once. Change fewer at a time, or raise ${setting}`,
  )
}

type Step = readonly (readonly [shard: number, rows: readonly Row[]])[]

/**
 * What shards do at once: each writes rows that get the same values. Without any row one shard says what there is to say of the
 * statement.
 */
function stepsOf(chosen: Chosen, node: ChosenWrite, context: RunContext): readonly Step[] {
  const { shards } = context
  const parts = [...byShard(chosen, node, context)].sort(([a], [b]) => a - b)
  if (parts.length === 0) {
    const { keyspace } = node.routing
    return [[[shards.pick(keyspace, shards.shardsOf(keyspace).length), []]]]
  }
  const groups = parts.map(([shard, rows]) => ({ shard, groups: alikeIn(rows, chosen, node) }))
  const count = Math.max(...groups.map((each) => each.groups.length))
  return Array.from({ length: count }, (_, i) =>
    groups.flatMap((each) => {
      const rows = each.groups[i]
      return rows === undefined ? [] : [[each.shard, rows] as const]
    }),
  )
}

/** Rows with the same values to be written. */
function alikeIn(
  rows: readonly Row[],
  { columns, format }: Chosen,
  { assigned }: ChosenWrite,
): readonly (readonly Row[])[] {
  const [first] = assigned
  if (first === undefined) return [rows]
  const valuesOf = textOf(columns.length, columns, format, first.column)
  const found = new Map<string, Row[]>()
  for (const row of rows) {
    const values = valuesOf(row)
    const known = found.get(values)
    if (known === undefined) found.set(values, [row])
    else known.push(row)
  }
  return [...found.values()]
}

function byShard(
  { rows, columns, format }: Chosen,
  node: ChosenWrite,
  { bindings, shards }: RunContext,
): ReadonlyMap<number, Row[]> {
  const found = new Map<number, Row[]>()
  for (const row of rows) {
    const cells = beneath(bindings, new StreamRows([row], columns, format, node.charsets))
    const met = resolveRouting(node.routing, cells, shards.shardsOf)
    if (typeof met !== 'number' || met === anyShardIndex)
      throw notSupported(`${node.construct}, for a row whose vindex columns do not tell its shard,`)
    const known = found.get(met)
    if (known === undefined) found.set(met, [row])
    else known.push(row)
  }
  return found
}

/** A literal of some types is not what the value was: throws ER_NOT_SUPPORTED_YET naming the column. */
function checkAssigned({ columns }: Chosen, { assigned, construct }: ChosenWrite): void {
  for (const { column, into } of assigned) {
    const type = columns[column]!
    if (!isWritable(type, into))
      throw notSupported(`${construct}, where '${type.name}' is to be written into another type,`)
  }
}

function isWritable(column: StreamColumn, into: AssignedColumn['into']): boolean {
  const isMember = (column.flags & (columnFlags.enum | columnFlags.set)) !== 0
  switch (classOf(column)) {
    case 'null':
    case 'signed':
    case 'unsigned':
    case 'decimal':
    case 'double':
    case 'bytes':
      return true
    case 'text':
      return isUnicode(column) && !(isMember && into === 'number')
    case 'datetime':
    case 'time':
      return into === 'time' || into === 'text'
    case 'opaque':
      return column.type === fieldTypes.json && (into === 'json' || into === 'text')
    // FLOAT, whose text has lost digits, and BIT.
    default:
      return false
  }
}

/** The session's own character set may have no sign for what was there. */
function isUnicode({ collation }: StreamColumn): boolean {
  return collationById(collation)?.charset.name.startsWith('utf8') === true
}
