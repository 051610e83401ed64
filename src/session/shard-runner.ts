import type { BoundQuery, BoundText } from '../engine/bindings.ts'
import type { RowStream, ShardQuery, ShardRunner } from '../engine/row-stream.ts'
import type { BackendConnection } from '../mysql/client/backend-connection.ts'
import type { ShardEndpoints, TabletEndpoint } from '../tablet/gateway.ts'
import type { Settings } from '../tablet/settings.ts'
import type { Working } from './interruption.ts'
import { readWarnings } from './kept-warnings.ts'
import type { Session } from './session.ts'
import type { Warning } from './session-state.ts'
import { ShardRows } from './shard-rows.ts'
import type { ShardStatement } from './shard-statement.ts'

/** Makes the statements that shards get, in the protocol (text or prepared) of the client's own. */
export interface StatementMaker {
  readonly format: 'text' | 'binary'
  /** The client's statement as it came. `cursor`: it may open the cursor that the client asked for. */
  verbatim(options?: CursorOptions): ShardStatement
  ofText(text: BoundText, options?: CursorOptions): ShardStatement
}

/** A cursor is one server's: an answer made of several shards' rows comes whole instead. */
export interface CursorOptions {
  readonly cursor: boolean
}

/** The statement that a shard gets for a bound query. */
export function statementFor(
  maker: StatementMaker,
  query: BoundQuery,
  options?: CursorOptions,
): ShardStatement {
  return query.kind === 'Verbatim' ? maker.verbatim(options) : maker.ofText(query, options)
}

/** Runs the routes of one statement's plan on the session's connections, and collects the shards' warnings. */
export class SessionShardRunner implements ShardRunner {
  readonly #session: Session
  readonly #maker: StatementMaker
  readonly #settings: Settings
  readonly #warnings: Promise<readonly Warning[]>[] = []

  /** `settings`: of the connections; the session's own but for what only holds for whole answers. */
  constructor(session: Session, maker: StatementMaker, settings: Settings) {
    this.#session = session
    this.#maker = maker
    this.#settings = settings
  }

  async openStreams(query: ShardQuery): Promise<readonly RowStream[]> {
    const { shards } = this.#session.shards.of(query.keyspace)
    const statement = statementFor(this.#maker, query.query)
    const attempts = await Promise.allSettled(query.shards.map((i) => this.#open(shards[i]!, statement)))
    const failed = attempts.find((attempt) => attempt.status === 'rejected')
    if (failed === undefined) return attempts.map((a) => (a as PromiseFulfilledResult<ShardRows>).value)
    for (const attempt of attempts) if (attempt.status === 'fulfilled') await attempt.value.close()
    throw failed.reason
  }

  /** Warnings of all shards, once their rows have ended. */
  async warnings(): Promise<readonly Warning[]> {
    return withoutRepeats((await Promise.all(this.#warnings)).flat())
  }

  async #open(shard: ShardEndpoints, statement: ShardStatement): Promise<ShardRows> {
    const session = this.#session
    const start = session.transaction.start()
    const open = session.shardSessions.get(shard)
    const settings = this.#settings
    if (open !== undefined || start !== undefined) {
      const endpoint = open?.endpoint ?? session.proxy.gateway.endpointFor(shard, session.tabletType)
      const own = await session.shardSessions.open(shard, endpoint, settings, start)
      session.interruption.throwIfKilled()
      return this.#start(own, statement, (rows) => {
        if (own.connection.state === 'closed') session.transaction.lost(own)
        else if (rows.isEnded && rows.summary.warnings > 0) this.#warnings.push(readWarnings(own.connection))
        else own.connection.resume() // closed early: the rest is read and thrown away, in front of the next statement
      })
    }
    const endpoint = session.proxy.gateway.endpointFor(shard, session.tabletType)
    const connection = await endpoint.pool.acquire(settings)
    if (session.interruption.isKilled || session.client.closed) {
      endpoint.pool.release(connection)
      session.interruption.throwIfKilled()
    }
    return this.#start({ endpoint, connection }, statement, (rows) => {
      if (connection.state === 'busy') session.interruption.abandon({ endpoint, connection })
      else this.#giveBack(endpoint, connection, rows.summary.warnings)
    })
  }

  #start(on: Working, statement: ShardStatement, release: (rows: ShardRows) => void): Promise<ShardRows> {
    const { working } = this.#session.interruption
    working.add(on)
    const rows = new ShardRows(on.connection, statement.format, on.endpoint, () => {
      working.delete(on)
      release(rows)
    })
    statement.send(on.connection, rows)
    return rows.opened()
  }

  #giveBack(endpoint: TabletEndpoint, connection: BackendConnection, warnings: number): void {
    if (warnings === 0 || connection.state !== 'idle') return endpoint.pool.release(connection)
    const read = readWarnings(connection).finally(() => endpoint.pool.release(connection))
    this.#warnings.push(read)
  }
}

/** Conditions of a statement's text, not of its rows: every shard has the same, and hidden columns repeat them. */
const OF_THE_TEXT: ReadonlySet<number> = new Set([1287, 1681, 1831, 3719, 3778, 4079, 4080])

function withoutRepeats(warnings: readonly Warning[]): readonly Warning[] {
  const seen = new Set<string>()
  return warnings.filter(({ code, message }) => {
    if (!OF_THE_TEXT.has(code)) return true
    const isNew = !seen.has(message)
    seen.add(message)
    return isNew
  })
}
