import type { BoundQuery } from '../../engine/bindings.ts'
import type { RowStream } from '../../engine/row-stream.ts'
import type { LoadStage, ShardLoad } from '../../engine/shard-port.ts'
import { selectAll } from '../../mysql/client/shard-statement.ts'
import { runQuery } from '../../mysql/client/simple-command.ts'
import type { Lease } from '../../tablet/lease.ts'
import type { Settings } from '../../tablet/settings.ts'
import { openLoad } from '../../transaction/shard-load.ts'
import { type Execution, statementFor } from './execution.ts'
import { copying, defining, type ScratchContext } from './scratch-connection.ts'
import { ShardRows } from './shard-rows.ts'
import { takeVariables } from './user-variables.ts'

/** The temporary table of one LOAD DATA LOCAL. A connection of which nobody can say that it is gone is closed. */
export class SessionLoadStage implements LoadStage {
  readonly #lease: Lease
  readonly #execution: Execution
  readonly #settings: Settings
  readonly #context: Omit<ScratchContext, 'isMariadb'>
  #table = ''

  /** `settings`: the client's. */
  constructor(
    lease: Lease,
    execution: Execution,
    settings: Settings,
    context: Omit<ScratchContext, 'isMariadb'>,
  ) {
    this.#lease = lease
    this.#execution = execution
    this.#settings = settings
    this.#context = context
    context.interruption.working.add(lease)
  }

  /** `CREATE TEMPORARY TABLE name …`. */
  async make(sql: string): Promise<void> {
    await this.#apply(defining(this.#settings))
    const [, table = ''] = /^CREATE TEMPORARY TABLE (`(?:[^`]|``)+`)/.exec(sql) ?? []
    this.#table = table
    await runQuery(this.#lease.connection, sql)
  }

  async load(query: BoundQuery): Promise<ShardLoad> {
    await this.#apply(this.#settings)
    const lease = this.#lease
    const { plan } = this.#execution
    const loading = await openLoad(
      { lease, send: (statement, reader) => statement.send(lease.connection, reader) },
      statementFor(this.#execution, query),
      this.#context.interruption,
    )
    return {
      write: (bytes) => loading.write(bytes),
      end: async () => {
        const answer = await loading.end()
        const { state, interruption } = this.#context
        interruption.working.add(lease)
        const reader = { state, isMariadb: lease.connection.isMariadb }
        if (plan.assigns === true) await takeVariables(lease, reader, { ...plan, setsInsertId: false })
        return answer
      },
    }
  }

  async rows(sql: string): Promise<RowStream> {
    await this.#apply(copying(this.#settings))
    const { connection, tablet } = this.#lease
    const rows = new ShardRows(
      { connection, tablet, memory: this.#context.memory, release: () => {} },
      'binary',
    )
    selectAll(sql).send(connection, rows)
    return rows.opened()
  }

  async close(): Promise<void> {
    const { connection } = this.#lease
    const { working } = this.#context.interruption
    try {
      await this.#lease.killing
      if (connection.state !== 'idle') return this.#lease.abandon()
      if (this.#table !== '') await runQuery(connection, `DROP TEMPORARY TABLE IF EXISTS ${this.#table}`)
      this.#lease.release()
    } catch {
      this.#lease.abandon() // the table goes with it
    } finally {
      working.delete(this.#lease)
    }
  }

  async #apply(settings: Settings): Promise<void> {
    const { interruption } = this.#context
    await this.#lease.killing
    interruption.throwIfKilled()
    interruption.working.add(this.#lease)
    await this.#lease.apply(settings)
  }
}
