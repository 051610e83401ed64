import type { TransactionMode } from '../../../src/transaction/transaction.ts'
import { connectTo } from '../../support/fault-cluster.ts'
import type { ProtocolClient, Result } from '../../support/protocol-client.ts'
import type { TestProxy } from '../../support/proxy.ts'

/** What clients were told while they wrote and read. */
export interface Told {
  /** Rows of `entries` that were acknowledged. */
  readonly acknowledged: ReadonlySet<number>
  /** Of these it is not known: their connection to the server was lost while they were on their way (2013). */
  readonly unknown: ReadonlySet<number>
  /** Errors of statements outside transactions that are none of these. */
  readonly errors: readonly string[]
  /** Errors of transactions; each was begun again. */
  readonly restarts: readonly string[]
  readonly transactions: number
  /** Longest time that a statement took, ms. */
  readonly slowestMs: number
}

/** Between which money is moved: on both shards. */
export const ACCOUNTS = 20
export const AMOUNT = 1_000

/** Clients that write to and read from both shards until they are stopped. */
export class Ledger {
  readonly #acknowledged = new Set<number>()
  readonly #unknown = new Set<number>()
  readonly #errors: string[] = []
  readonly #restarts: string[] = []
  #transactions = 0
  #slowestMs = 0
  #next = 1
  #isStopped = false
  readonly #proxy: TestProxy
  readonly #running: Promise<void>[] = []
  /** What each client waits for. */
  readonly #asked = new Map<ProtocolClient, string>()

  readonly #mode: TransactionMode

  constructor(proxy: TestProxy, mode: TransactionMode) {
    this.#proxy = proxy
    this.#mode = mode
  }

  async #connect(): Promise<ProtocolClient> {
    const client = await connectTo(this.#proxy)
    await client.query(`SET transaction_mode = '${this.#mode}'`)
    return client
  }

  start(clients: number): void {
    for (let i = 0; i < clients; i++) this.#running.push(this.#run(i))
  }

  get transactions(): number {
    return this.#transactions
  }

  get writes(): number {
    return this.#acknowledged.size
  }

  async stop(): Promise<Told> {
    this.#isStopped = true
    await within(
      STOP_MS,
      Promise.all(this.#running),
      () => `still unanswered: ${[...this.#asked.values()].join('; ')}`,
    )
    return {
      acknowledged: this.#acknowledged,
      unknown: this.#unknown,
      errors: this.#errors,
      restarts: this.#restarts,
      transactions: this.#transactions,
      slowestMs: this.#slowestMs,
    }
  }

  async #run(writer: number): Promise<void> {
    let client = await this.#connect()
    for (let turn = writer; !this.#isStopped; turn++) {
      const isWhole = await this.#act(client, turn, writer)
      if (isWhole) continue
      client.destroy()
      client = await this.#connect()
    }
    client.destroy()
  }

  /** False: the connection is of no use any more. */
  async #act(client: ProtocolClient, turn: number, writer: number): Promise<boolean> {
    switch (turn % 7) {
      case 0:
        return this.#write(client, [this.#next++], writer)
      case 1:
        return this.#write(client, [this.#next++, this.#next++, this.#next++, this.#next++], writer)
      case 2:
        return this.#read(client, `SELECT amount FROM accounts WHERE id = ${1 + (turn % ACCOUNTS)}`)
      case 3:
        return this.#read(client, 'SELECT COUNT(*), SUM(amount) FROM accounts')
      case 4:
        return this.#prepared(client, `SELECT amount FROM accounts WHERE id = ${1 + (turn % ACCOUNTS)}`)
      case 5:
        return this.#read(client, `SELECT 1; SELECT amount FROM accounts WHERE id = ${1 + (turn % ACCOUNTS)}`)
      default:
        return this.#transfer(client, turn)
    }
  }

  async #write(client: ProtocolClient, ids: readonly number[], writer: number): Promise<boolean> {
    const rows = ids.map((id) => `(${id}, ${writer})`).join(', ')
    const told = await this.#ask(client, `INSERT INTO entries (id, writer) VALUES ${rows}`)
    // A commit over both shards of which one was lost says so, by 1105.
    const isLost = told?.kind === 'error' && (told.errno === 2013 || /not atomic/.test(told.message))
    if (told === undefined || isLost) {
      for (const id of ids) this.#unknown.add(id)
      return told !== undefined
    }
    if (told.kind === 'error') this.#errors.push(`INSERT of ${ids.length}: ${told.errno} ${told.message}`)
    else for (const id of ids) this.#acknowledged.add(id)
    return true
  }

  async #read(client: ProtocolClient, sql: string): Promise<boolean> {
    const told = await this.#ask(client, sql)
    if (told === undefined) this.#errors.push(`${sql}: the client's connection was closed`)
    else if (told.kind === 'error') this.#errors.push(`${sql}: ${told.errno} ${told.message}`)
    else if (told.kind === 'rows' && told.error !== undefined)
      this.#errors.push(`${sql}: ${told.error.errno} ${told.error.message}`)
    return told !== undefined
  }

  async #prepared(client: ProtocolClient, sql: string): Promise<boolean> {
    try {
      const prepared = await client.prepare(sql)
      if (prepared.kind === 'error')
        this.#errors.push(`PREPARE ${sql}: ${prepared.errno} ${prepared.message}`)
      else {
        const [told] = await client.execute(prepared.id, [])
        if (told?.kind === 'error') this.#errors.push(`EXECUTE ${sql}: ${told.errno} ${told.message}`)
        client.closeStatement(prepared.id)
      }
      return true
    } catch (error) {
      this.#errors.push(`PREPARE ${sql}: ${error}`)
      return false
    }
  }

  async #transfer(client: ProtocolClient, turn: number): Promise<boolean> {
    const [from, to] = [1 + (turn % ACCOUNTS), 1 + ((turn * 7 + 3) % ACCOUNTS)]
    const statements = [
      'BEGIN',
      `UPDATE accounts SET amount = amount - 1 WHERE id = ${Math.min(from, to)}`,
      `UPDATE accounts SET amount = amount + 1 WHERE id = ${Math.max(from, to)}`,
      'COMMIT',
    ]
    for (const sql of statements) {
      const told = await this.#ask(client, sql)
      if (told === undefined) return false
      if (told.kind !== 'error') continue
      this.#restarts.push(`${sql.split(' ')[0]}: ${told.errno} ${told.message}`)
      const ended = await this.#ask(client, 'ROLLBACK')
      return ended !== undefined && ended.kind !== 'error'
    }
    this.#transactions++
    return true
  }

  /** Undefined: the client's own connection is lost. */
  async #ask(client: ProtocolClient, sql: string): Promise<Result | undefined> {
    const startedMs = performance.now()
    this.#asked.set(client, sql)
    try {
      const results = await client.query(sql)
      return results.at(-1)
    } catch {
      return undefined
    } finally {
      this.#asked.delete(client)
      this.#slowestMs = Math.max(this.#slowestMs, performance.now() - startedMs)
    }
  }
}

/** As long as a statement may take in any of these tests. */
const STOP_MS = 15_000

async function within(timeoutMs: number, ended: Promise<unknown>, why: () => string): Promise<void> {
  let cancel = () => {}
  const late = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new Error(why())), timeoutMs)
    cancel = () => clearTimeout(timer)
  })
  try {
    await Promise.race([ended, late])
  } finally {
    cancel()
  }
}
