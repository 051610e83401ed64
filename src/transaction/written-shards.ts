import { SqlError } from '../errors/sql-error.ts'
import type { ShardTarget } from '../tablet/shard-target.ts'

/** Shards that a transaction in mode `single` writes on: one. */
export class WrittenShards {
  readonly #keys = new Set<string>()

  /** `isPart`: of a transaction that goes on. Throws 1317 where it would need two shards. */
  note(targets: readonly ShardTarget[], isPart: boolean): void {
    const all = new Set([...this.#keys, ...targets.map(({ key }) => key)])
    if (all.size > 1)
      throw new SqlError(
        'ER_QUERY_INTERRUPTED',
        `multi-db transaction attempted: ${[...all].join(', ')} (transaction_mode is 'single')`,
      )
    if (isPart) for (const { key } of targets) this.#keys.add(key)
  }

  clear(): void {
    this.#keys.clear()
  }
}
