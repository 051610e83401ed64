import { notSupported, SqlError } from '../errors/sql-error.ts'
import type { ChosenWrite } from '../plan/primitives.ts'
import { bindQuery } from './bind.ts'
import type { OkOutcome } from './outcome.ts'
import { beneath, StreamRows } from './outer-rows.ts'
import { anyShardIndex, resolveRouting } from './resolve.ts'
import type { Row, RowFormat, StreamColumn } from './row-stream.ts'
import { runPrimitive } from './run.ts'
import type { RunContext } from './run-context.ts'
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
  const { keyspace } = node.routing
  const parts = byShard(chosen, node, context)
  const asked = [...parts].sort(([a], [b]) => a - b)
  const sum = sumAnswers(
    await port.write(
      asked.map(([shard, rows]) => {
        const own = new StreamRows(rows, chosen.columns, chosen.format, node.charsets)
        return { keyspace, shard, query: bindQuery(node.query, beneath(bindings, own)) }
      }),
    ),
    port,
  )
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
  const known = new Map<string, Row>()
  let bytes = 0
  try {
    for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
      for (const row of batch) {
        const text = row.latin1Slice()
        if (known.has(text)) continue
        // Its own memory, not that of all that came with it.
        const own = Buffer.from(row)
        if (!memory.take(own.length)) throw tooMany(node, 'connection_memory_limit')
        bytes += own.length
        known.set(text, own)
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

function tooMany({ construct }: ChosenWrite, setting: string): SqlError {
  return new SqlError(
    'ER_CAPACITY_EXCEEDED',
    `${construct}: too many rows of several shards would have to be chosen at once. Change fewer at a time, or raise ${setting}`,
  )
}

/** Without any row one shard says what there is to say of the statement. */
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
  const { keyspace } = node.routing
  return found.size > 0 ? found : new Map([[shards.pick(keyspace, shards.shardsOf(keyspace).length), []]])
}
