import type { Bindings } from '../engine/bindings.ts'
import { anyShardIndex, resolveRouting, type ShardsOf } from '../engine/resolve.ts'
import { SqlError } from '../errors/sql-error.ts'
import { type CollectingReader, runQuery } from '../mysql/client/simple-command.ts'
import type { Routing } from '../plan/routing.ts'
import { quoteIdentifier } from '../sql/print.ts'
import type { KeyspaceShards, ShardEndpoints } from '../tablet/gateway.ts'
import { SYSTEM_SCHEMAS } from './run-show.ts'
import type { Session } from './session.ts'
import { keyspaceAskedFor } from './system-schema.ts'

/** Whose turn it is where any shard will do. */
let turn = 0

/** The shards as one session meets them: by its routes, and for its own questions. */
export class ShardAccess {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  /** The shards that a routing meets, at least one. */
  meet(routing: Routing, bindings: Bindings): readonly ShardEndpoints[] {
    const { keyspace, shards } = this.of(
      routing.kind === 'SystemSchema'
        ? keyspaceAskedFor(routing, bindings, this.#session.proxy.gateway.keyspaces)
        : routing.keyspace,
    )
    const resolved = resolveRouting(routing, bindings, this.rangesOf)
    if (typeof resolved !== 'number') return resolved.map((i) => shards[i]!)
    return [shards[resolved === anyShardIndex ? this.any(keyspace, shards.length) : resolved]!]
  }

  /** Where any shard will do: one that the session has a connection to, else they take turns. */
  readonly any = (keyspace: string, count: number): number => {
    const { shardSessions } = this.#session
    const open =
      shardSessions.size === 0 ? undefined : shardSessions.all().find((s) => s.shard.keyspace === keyspace)
    if (open !== undefined) return this.of(keyspace).shards.findIndex((s) => s.name === open.shard.name)
    turn = (turn + 1) % 0x4000_0000
    return turn % count
  }

  readonly rangesOf: ShardsOf = (keyspace) => this.of(keyspace).ranges

  /** `keyspace` '' stands for any: statements that touch no table. */
  of(keyspace: string): KeyspaceShards {
    const { gateway } = this.#session.proxy
    if (keyspace !== '') return gateway.shardsOf(keyspace)
    for (const shards of gateway.keyspaces.values()) if (shards.problem === undefined) return shards
    throw new SqlError('ER_UNKNOWN_ERROR', 'The topology has no keyspace that can be served (shardgate ctl)')
  }

  /** One of the session's own questions to any shard, with the session's settings. */
  async ask(sql: string): Promise<CollectingReader> {
    const shard = this.#anyOfTarget()
    const open = this.#session.shardSessions.get(shard)
    if (open !== undefined) return runQuery(open.connection, sql)
    const { pool } = this.#endpoint(shard)
    const connection = await pool.acquire(this.#session.state.settings)
    try {
      return await runQuery(connection, sql)
    } finally {
      pool.release(connection)
    }
  }

  /** Several of them on one connection, in order; the answer is the last one's. */
  async askInOrder(statements: readonly string[]): Promise<CollectingReader> {
    const { pool } = this.#endpoint(this.#anyOfTarget())
    const connection = await pool.acquire(this.#session.state.settings)
    try {
      let answer: CollectingReader | undefined
      for (const sql of statements) answer = await runQuery(connection, sql)
      return answer!
    } finally {
      connection.destroy() // it carries what the statements have set
    }
  }

  /** SET statement that gives a backend connection the session's values of these user variables. */
  userVariablesText(names: readonly string[]): string {
    const items = names.map((name) => `@${quoteIdentifier(name)} = ${this.#session.sessionText(`@${name}`)}`)
    return `SET ${items.join(', ')}`
  }

  #anyOfTarget(): ShardEndpoints {
    const { keyspace } = this.#session.state.target
    return this.of(SYSTEM_SCHEMAS.has(keyspace.toLowerCase()) ? '' : keyspace).shards[0]!
  }

  #endpoint(shard: ShardEndpoints) {
    return this.#session.proxy.gateway.endpointFor(shard, this.#session.tabletType)
  }
}
