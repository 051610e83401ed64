import { printKeyspaceId } from '../../../key/keyspace-id.ts'
import type { LookupWork, ShardWork } from '../../../topology/lookup-work.ts'
import { parseValueType, type Value, value } from '../../../values/value.ts'
import { distinctEntries, printValues } from './entries.ts'
import { type Duplicate, enterLocked } from './lookup-rows.ts'
import { readBatch } from './owner-rows.ts'
import type { LookupPlace, ShardPlace } from './place.ts'
import { pause, type ShardConnections, untilLocked } from './shard-connection.ts'

export interface BackfillOptions {
  /** Rows of one transaction. */
  readonly batchRows: number
  /** Between batches. */
  readonly pauseMs: number
  /** Shards at once. */
  readonly shardsMax: number
}

export interface BackfillResult {
  readonly shards: LookupWork['shards']
  /** The first ones, as text. */
  readonly examples: readonly string[]
}

const EXAMPLES_MAX = 10
const NOTHING_DONE: ShardWork = { isDone: false, rows: 0, duplicates: 0 }

/**
 * Enters all rows of the owner in the lookup table, shard by shard, from where `known` says it has stopped. `onWork` is told after each
 * batch, and may throw to end it.
 *
 * docs/design/lookup-backfill.md says why no entry outlives its row, and no row is left out.
 */
export async function backfill(
  place: LookupPlace,
  known: LookupWork['shards'],
  options: BackfillOptions,
  {
    connect,
    onWork,
  }: {
    readonly connect: () => ShardConnections
    readonly onWork: (shards: LookupWork['shards']) => Promise<void>
  },
): Promise<BackfillResult> {
  const { shards } = place.owner
  const works = new Map(shards.map(({ name }) => [name, known[name] ?? NOTHING_DONE]))
  const examples: string[] = []
  const left = [...shards]
  let failure: { readonly error: unknown } | undefined
  const worker = async () => {
    for (let shard = left.shift(); shard !== undefined; shard = left.shift()) {
      const connections = connect()
      try {
        for await (const { work, duplicates } of shardBatches(
          place,
          shard,
          works.get(shard.name)!,
          options,
          connections,
        )) {
          works.set(shard.name, work)
          for (const each of duplicates)
            if (examples.length < EXAMPLES_MAX) examples.push(printDuplicate(each))
          await onWork(Object.fromEntries(works))
          if (failure !== undefined) return
        }
      } catch (error) {
        failure ??= { error }
        return
      } finally {
        connections.close()
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(options.shardsMax, shards.length) }, worker))
  if (failure !== undefined) throw failure.error
  return { shards: Object.fromEntries(works), examples }
}

async function* shardBatches(
  place: LookupPlace,
  shard: ShardPlace,
  start: ShardWork,
  { batchRows, pauseMs }: BackfillOptions,
  connections: ShardConnections,
): AsyncGenerator<{ readonly work: ShardWork; readonly duplicates: readonly Duplicate[] }> {
  let work = start
  while (!work.isDone) {
    const from = work.after?.map(([type, hex]) => keyValue(type, hex))
    const batch = await untilLocked([connections], (attempt) => {
      // Fewer rows have fewer that are locked by others.
      const count = Math.max(1, batchRows >> (attempt - 1))
      return fillBatch(place, shard, { from, count }, connections)
    })
    const last = batch.last
    work = {
      ...(last === undefined ? work.after && { after: work.after } : { after: last.map(keyText) }),
      isDone: batch.isLast,
      rows: work.rows + batch.rows,
      duplicates: work.duplicates + batch.duplicates.length,
    }
    yield { work, duplicates: batch.duplicates }
    if (pauseMs > 0 && !work.isDone) await pause(pauseMs)
  }
}

interface Batch {
  readonly rows: number
  readonly last: readonly Value[] | undefined
  readonly isLast: boolean
  readonly duplicates: readonly Duplicate[]
}

/** The rows stay locked until their entries are committed. */
async function fillBatch(
  place: LookupPlace,
  shard: ShardPlace,
  { from, count }: { readonly from: readonly Value[] | undefined; readonly count: number },
  connections: ShardConnections,
): Promise<Batch> {
  const own = await connections.to(shard.tablet)
  const rows = await readBatch(place, own, { from, count, reading: 'lock' })
  const duplicates = await enterLocked(distinctEntries(rows), place, connections)
  await connections.commit(shard.tablet)
  return { rows: rows.length, last: rows.at(-1)?.key, isLast: rows.length < count, duplicates }
}

function keyText({ type, bytes }: Value): [type: string, hex: string] {
  return [type, Buffer.from(bytes).toString('hex')]
}

function keyValue(type: string, hex: string): Value {
  const known = parseValueType(type)
  if (known === undefined) throw new Error(`the backfill's record has a value of unknown type ${type}`)
  return value(known, Buffer.from(hex, 'hex'))
}

function printDuplicate({ entry, other }: Duplicate): string {
  return `${printValues(entry.cells)}: keyspace ids ${printKeyspaceId(entry.id)} and ${printKeyspaceId(other)}`
}
