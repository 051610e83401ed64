import type { Clock } from '../base/clock.ts'
import type { BackendConnection } from '../mysql/client/backend-connection.ts'
import { runQuery, textCells } from '../mysql/client/simple-command.ts'
import type { TabletEndpoint } from '../tablet/gateway.ts'
import type { Warning } from './session-state.ts'

/** How long an idle session may keep a connection in case SHOW WARNINGS follows. */
const KEEP_MS = 200

/**
 * The connection on which the last statement left warnings: it stays with the session until the next statement shows
 * that nobody asks for them. A session that goes idle meanwhile has them read, and gives the connection back.
 */
export class KeptWarnings {
  readonly #clock: Clock
  #kept: { readonly connection: BackendConnection; readonly release: () => void } | undefined
  #cancelTimer: (() => void) | undefined
  #read: Promise<readonly Warning[]> | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The session keeps the connection anyway: an open transaction. */
  keepOwn(connection: BackendConnection): void {
    this.drop()
    this.#kept = { connection, release: () => {} }
  }

  keep(endpoint: TabletEndpoint, connection: BackendConnection): void {
    this.drop()
    this.#kept = { connection, release: () => endpoint.pool.release(connection) }
    this.#cancelTimer = this.#clock.after(KEEP_MS, () => {
      // A failure is told to whoever asks.
      this.fetch()?.catch(() => {})
    })
  }

  get holding(): boolean {
    return this.#kept !== undefined || this.#read !== undefined
  }

  /** The warnings; undefined when the last statement left none on a backend. */
  fetch(): Promise<readonly Warning[]> | undefined {
    if (this.#read === undefined && this.#kept !== undefined) {
      const { connection, release } = this.#kept
      this.#kept = undefined
      this.#cancelTimer?.()
      this.#read = readWarnings(connection).finally(release)
    }
    return this.#read
  }

  drop(): void {
    this.#cancelTimer?.()
    this.#read = undefined
    const kept = this.#kept
    this.#kept = undefined
    kept?.release()
  }
}

/** SHOW WARNINGS of the statement before on the same connection. */
export async function readWarnings(connection: BackendConnection): Promise<readonly Warning[]> {
  const { rows } = await runQuery(connection, 'SHOW WARNINGS')
  return rows.map((row) => {
    const [level, code, message] = textCells(row, 3)
    return {
      level: level as Warning['level'],
      code: Number(code),
      message: Buffer.from(message ?? '', 'latin1').toString(),
    }
  })
}
