import type { ShardsOf } from '../../engine/shard-set.ts'
import type { InsertMode, ShardsView } from '../../engine/shards-view.ts'
import { SqlError } from '../../errors/sql-error.ts'
import { type CollectingReader, runQuery } from '../../mysql/client/simple-command.ts'
import { NO_BACKSLASH_ESCAPES } from '../../sql/sql-mode.ts'
import type { Gateway } from '../../tablet/gateway.ts'
import type { KeyspaceShards } from '../../tablet/keyspace-shards.ts'
import type { Lease } from '../../tablet/lease.ts'
import type { Sequences } from '../../tablet/sequences.ts'
import type { Settings } from '../../tablet/settings.ts'
import type { ShardTarget } from '../../tablet/shard-target.ts'
import type { Transaction } from '../../transaction/transaction.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import type { Interruption } from '../commands/interruption.ts'
import type { SessionState } from '../settings/session-state.ts'
import type { DatabaseNames } from './metadata-rows.ts'
import { losslessTexts } from './row-texts.ts'
import { withoutSelectLimit } from './select-limit.ts'
import { withVariables } from './user-variables.ts'

/** Whose turn it is where any shard will do. */
let turn = 0

export interface ShardAccessContext {
  readonly proxy: { readonly gateway: Gateway; readonly sequences: Pick<Sequences, 'isPassed'> }
  readonly state: SessionState
  readonly transaction: Transaction
  readonly interruption: Interruption
}

/** The shards as one session sees them: for its plans, and for its own questions. */
export class ShardAccess implements ShardsView {
  readonly #context: ShardAccessContext

  constructor(context: ShardAccessContext) {
    this.#context = context
  }

  readonly shardsOf: ShardsOf = (keyspace) => this.of(keyspace).ranges

  /** Where any shard will do: one that the session has a lane to, else they take turns. */
  pick(keyspace: string, count: number): number {
    const { lanes } = this.#context.transaction
    if (lanes.size > 0) {
      const { keyspace: name, shards } = this.of(keyspace)
      const lane = lanes.all().find(({ target }) => target.keyspace === name)
      const at = shards.findIndex(({ name: shard }) => shard === lane?.target.shard)
      if (at >= 0) return at
    }
    turn = (turn + 1) % 0x4000_0000
    return this.#fromOn(turn % count, keyspace, count)
  }

  /** The first from `shard` on that need not be waited for, if there is one. */
  #fromOn(shard: number, keyspace: string, count: number): number {
    const { gateway } = this.#context.proxy
    for (let i = 0; i < count; i++) {
      const at = (shard + i) % count
      if (!gateway.isWaitedFor(this.target(keyspace, at))) return at
    }
    return shard
  }

  isKeyspace(name: string): boolean {
    return this.#context.proxy.gateway.keyspaces.has(name)
  }

  databaseOf(keyspace: string, shard: number): string {
    return this.of(keyspace).shards[shard]!.database
  }

  /**
   * The names that the rows of a statement may hold: of the shard that answers it, the databases of its own keyspace's other
   * shards are not told of; without one of all shards.
   */
  databaseNames(keyspace: string, shard?: number): DatabaseNames {
    const { gateway } = this.#context.proxy
    const own = shard === undefined ? undefined : this.of(keyspace).shards[shard]
    const hidden = [...gateway.keyspaces.values()].flatMap(({ shards }) => {
      const speaker = own?.keyspace === shards[0]?.keyspace ? own : shards[0]
      return shards.map(({ database }) => database).filter((database) => database !== speaker?.database)
    })
    return { renamings: gateway.renamed, hidden: new Set(own === undefined ? [] : hidden) }
  }

  get insertMode(): InsertMode {
    return this.#context.state
  }

  get countsFound(): boolean {
    return this.#context.state.settings.kind.foundRows
  }

  packetBytesMax(keyspace: string, shard: number): number {
    return this.#context.proxy.gateway.packetBytesMax(this.target(keyspace, shard, 'PRIMARY'))
  }

  isIdPassed(keyspace: string, sequence: string, id: bigint): boolean {
    return this.#context.proxy.sequences.isPassed(keyspace, sequence, id)
  }

  get noBackslashEscapes(): boolean {
    return (this.#context.state.sqlMode & NO_BACKSLASH_ESCAPES) !== 0
  }

  /** `keyspace` '' stands for any: statements that touch no table. */
  of(keyspace: string): KeyspaceShards {
    const { gateway } = this.#context.proxy
    if (keyspace !== '') return gateway.shardsOf(keyspace)
    for (const shards of gateway.keyspaces.values()) if (shards.problem === undefined) return shards
    throw new SqlError('ER_UNKNOWN_ERROR', 'The topology has no keyspace that can be served (shardgate ctl)')
  }

  /** A tablet of a shard, by default of the type that the session addresses; `shard` is the shard's position. */
  target(keyspace: string, shard: number, tabletType = this.#context.state.target.tabletType): ShardTarget {
    return this.of(keyspace).shards[shard]!.targets[tabletType]
  }

  /** Every shard that the session may ask: its target, or all of the keyspaces that can be served. */
  allTargets(): readonly ShardTarget[] {
    const { proxy, state } = this.#context
    const { keyspace, shard, tabletType } = state.target
    return [...proxy.gateway.keyspaces.values()].flatMap(({ shards }) =>
      shards
        .filter((each) => shard === undefined || (each.keyspace === keyspace && each.name === shard))
        .map(({ targets }) => targets[tabletType]),
    )
  }

  /** One of the session's own questions to any shard, with the session's settings. */
  ask(sql: string): Promise<CollectingReader> {
    return this.onAny(({ connection }) => runQuery(connection, sql))
  }

  /** One of the session's own questions to one tablet; texts come as Unicode. `variables`: the user variables that it names. */
  askOn(target: ShardTarget, sql: string, variables: readonly string[] = []): Promise<CollectingReader> {
    const { state } = this.#context
    const settings = withVariables(withoutSelectLimit(losslessTexts(state.settings)), state, variables)
    return this.on(target, settings, ({ connection }) => runQuery(connection, sql))
  }

  /** Some work on a connection to any shard, with the session's settings: one of the session's own, where it has one. */
  onAny<T>(work: (lease: Lease) => Promise<T>): Promise<T> {
    return this.on(this.anyTarget(), this.#context.state.settings, work)
  }

  /** The same, on one tablet. */
  async on<T>(target: ShardTarget, settings: Settings, work: (lease: Lease) => Promise<T>): Promise<T> {
    const { transaction, interruption } = this.#context
    const lane = transaction.lane(target)
    await lane?.lease.killing // meant for a statement that is over
    await lane?.lease.apply(settings)
    const lease = lane?.lease ?? (await transaction.gateway.acquire(target, settings, interruption))
    interruption.working.add(lease)
    try {
      interruption.throwIfKilled()
      return await work(lease)
    } finally {
      interruption.working.delete(lease)
      if (lane === undefined) lease.release()
    }
  }

  /** For what every server has alike. */
  anyTarget(): ShardTarget {
    const { keyspace } = this.#context.state.target
    // Somebody may have dropped the session's database.
    const isOwn = !isSystemSchema(keyspace) && this.isKeyspace(keyspace)
    const name = isOwn ? keyspace : ''
    return this.target(name, this.#fromOn(0, name, this.of(name).shards.length))
  }
}
