import { beginPlan } from '../../engine/begin-plan.ts'
import type { BoundQuery } from '../../engine/bindings.ts'
import { MapStream } from '../../engine/map-stream.ts'
import type { RowBatch, RowStream } from '../../engine/row-stream.ts'
import {
  type Judge,
  queryOf,
  type ShardQuery,
  type ShardWrite,
  type WriteAnswer,
} from '../../engine/shard-port.ts'
import { notSupported } from '../../errors/sql-error.ts'
import { answersRows } from '../../plan/primitives.ts'
import type { Execution } from './execution.ts'
import { placeValues } from './place-values.ts'
import { checkReadOnly, type RunContext } from './run-statement.ts'
import { withSelectLimit } from './select-limit.ts'
import { SessionPort } from './session-port.ts'
import { settingsOfStatement } from './statement-settings.ts'
import { carriesAny } from './user-variables.ts'

/** A statement that a shard was sent. */
export interface SentQuery {
  readonly keyspace: string
  /** Position in the keyspace's shards. */
  readonly shard: number
  readonly sql: string
  /** Which of the plan's calls it belongs to, from 0: a query goes to all of its shards at once. */
  readonly call: number
  /** Rows that the plan has taken of its answer. */
  readonly rows: number
}

/**
 * Runs a statement as its client would, but for its answer, which nobody gets: what it sends to shards is told instead. Throws 1235
 * for what the session answers itself, and for what leaves something on its connection.
 */
export async function recordedRun(context: RunContext, execution: Execution): Promise<readonly SentQuery[]> {
  const { proxy, shards, state, memory } = context
  const { reading, bindings } = execution
  if (execution.plan.asksFile === true) throw notSupported('VEXPLAIN of a statement that asks for a file')
  if (execution.plan.root.kind === 'Session') throw notSupported('VEXPLAIN of what no shard is sent')
  if (carriesAny(execution.plan) || execution.plan.reserves !== undefined)
    throw notSupported('VEXPLAIN of a statement that sets variables or holds something')
  if (reading.target.tabletType !== 'PRIMARY') checkReadOnly(execution.plan.root, reading.target.tabletType)
  const own = settingsOfStatement(context, execution.plan, state.settingsFor(reading))
  const { plan, settings } = withSelectLimit(execution.plan, own)
  const port = new RecordingPort(context, execution, settings)
  await placeValues(context, execution)
  const begun = beginPlan(plan, bindings, shards)
  if (begun.kind === 'Several') {
    const outcome = await begun.run({ bindings, shards, port, format: 'text', memory, limits: proxy.limits })
    if (outcome.kind === 'Rows') await drained(outcome.stream)
  } else {
    const { keyspace, shard, query } = begun
    if (!answersRows(plan.root)) await port.write([{ keyspace, shard, query }])
    else
      for (const stream of await port.openStreams({ keyspace, shards: [shard], query })) await drained(stream)
  }
  return port.sent()
}

async function drained(stream: RowStream): Promise<void> {
  try {
    while ((await stream.next()) !== undefined);
  } finally {
    await stream.close()
  }
}

class RecordingPort extends SessionPort {
  readonly #sql: string
  readonly #sent: { -readonly [Field in keyof SentQuery]: SentQuery[Field] }[] = []
  #calls = 0

  constructor(...[context, execution, settings]: ConstructorParameters<typeof SessionPort>) {
    super(context, execution, settings)
    this.#sql = execution.sql
  }

  sent(): readonly SentQuery[] {
    return this.#sent
  }

  override async openStreams(query: ShardQuery): Promise<readonly RowStream[]> {
    const call = this.#calls++
    const noted = query.shards.map((shard, i) => this.#note(query.keyspace, shard, queryOf(query, i), call))
    const streams = await super.openStreams(query)
    return streams.map((stream, i) => {
      const map = (batch: RowBatch) => {
        noted[i]!.rows += batch.length
        return batch
      }
      return new MapStream(stream, { map })
    })
  }

  override write(writes: readonly ShardWrite[], judge?: Judge): Promise<readonly WriteAnswer[]> {
    const call = this.#calls++
    for (const { keyspace, shard, query } of writes) this.#note(keyspace, shard, query, call)
    return super.write(writes, judge)
  }

  override outside(...[write, options]: Parameters<SessionPort['outside']>): () => Promise<WriteAnswer> {
    this.#note(write.keyspace, write.shard, write.query, this.#calls++)
    return super.outside(write, options)
  }

  #note(keyspace: string, shard: number, query: BoundQuery, call: number) {
    const sql = query.kind === 'Text' ? query.sql : this.#sql
    const noted = { keyspace, shard, sql: Buffer.from(sql, 'latin1').toString(), call, rows: 0 }
    this.#sent.push(noted)
    return noted
  }
}
