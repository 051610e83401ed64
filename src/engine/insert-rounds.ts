import type { BoundInsert, InsertSplit, ShardInsert } from './insert-split.ts'
import { inOrder } from './row-references.ts'
import type { RunContext } from './run-context.ts'

/**
 * How many times longer than the client's text what shards get may be: `UUID()` that decides the shard is written out, numbers of a
 * sequence are added.
 */
const GROWTH_MAX = 16
/** max_allowed_packet is no less. */
const PACKET_BYTES_LEAST = 1024

type Shards = Pick<RunContext, 'bindings' | 'shards'>

/** Whether a shard may have to get its rows in several statements. */
export function mayTakeRounds(keyspace: string, { bindings, shards }: Shards): boolean {
  const bytes = GROWTH_MAX * bindings.statementBytes
  if (bytes < PACKET_BYTES_LEAST) return false
  return shards.shardsOf(keyspace).some((_, shard) => bytes >= shards.packetBytesMax(keyspace, shard))
}

/**
 * The rows of an INSERT in statements that their shards take. All rows of a round come in the client's statement ahead of those of the
 * next one, so that the first row that fails is the first one to fail. A row that is too long is alone.
 */
export function roundsOf(
  { inserts }: BoundInsert,
  { inRounds, plan: { keyspace } }: InsertSplit,
  { bindings, shards }: Shards,
): readonly (readonly ShardInsert[])[] {
  if (!inRounds) return [inserts]
  const bytesMax = ({ shard }: ShardInsert) => shards.packetBytesMax(keyspace, shard) - COMMAND_BYTES
  const isShort = (insert: ShardInsert) => {
    const { sql, params } = insert.query
    return sql.length + (params.length > 0 ? bindings.statementBytes : 0) < bytesMax(insert)
  }
  if (inserts.every(isShort)) return [inserts]
  const parts = new Map(inserts.map((insert) => [insert.rows, new CutPart(insert, bytesMax(insert))]))
  const rounds: (readonly ShardInsert[])[] = []
  const endRound = () => rounds.push([...parts.values()].flatMap((part) => part.take()))
  for (const { own, i } of inOrder(inserts)) {
    const part = parts.get(own)!
    const bytes = own.bytes(i)
    if (!part.fits(bytes)) endRound()
    part.add(bytes)
  }
  endRound()
  return rounds
}

/** COM_QUERY. */
const COMMAND_BYTES = 1

/** The rows of one shard, as they are cut into statements. */
class CutPart {
  readonly #insert: ShardInsert
  readonly #bytesMax: number
  /** Of the statement that grows. */
  #from = 0
  #to = 0
  #bytes = 0

  constructor(insert: ShardInsert, bytesMax: number) {
    this.#insert = insert
    this.#bytesMax = bytesMax - insert.rows.bytesAround
  }

  fits(bytes: number): boolean {
    return this.#from === this.#to || this.#bytes + bytes < this.#bytesMax
  }

  /** Its next row. */
  add(bytes: number): void {
    this.#to++
    this.#bytes += bytes
  }

  /** The statement so far, if it has rows; the next one begins. */
  take(): readonly ShardInsert[] {
    const [from, to] = [this.#from, this.#to]
    this.#from = to
    this.#bytes = 0
    return from === to ? [] : [this.#insert.rows.slice(from, to)]
  }
}
