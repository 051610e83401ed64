import type { Random } from '../../fuzz/random.ts'
import { type ErrorResult, type ProtocolClient, type Result, textRow } from '../../support/protocol-client.ts'
import type { Figures } from './figures.ts'
import { Ledger } from './ledger.ts'
import { LIMITS } from './world.ts'

/** Something that must never be. */
export class Broken extends Error {}

/** The connection has ended, by the proxy or by this client. */
export class Lost extends Error {}

/** A statement was answered with an error. */
export class Refused extends Error {
  readonly errno: number

  constructor({ errno, message }: ErrorResult) {
    super(`${errno} ${message}`)
    this.errno = errno
  }
}

/** A piece of work on a connection. Throws Broken, Lost or Refused. */
export type Act = (client: ChaosClient) => Promise<void>

const ROWS_EACH = 6
/** A client leaves in the middle of one statement of so many. */
const VANISH_ONE_IN = 60

/** One client: a connection at a time, its ledger, and what it knows of its session. */
export class ChaosClient {
  readonly number: number
  /** Of the proxy. */
  readonly port: number
  readonly ledger: Ledger
  readonly random: Random
  readonly figures: Figures
  /** What its user variables may hold; begins anew with each connection. */
  readonly variables = new Map<string, Set<string | null>>()
  readonly #connect: () => Promise<ProtocolClient>
  #db: ProtocolClient | undefined

  constructor(
    number: number,
    proxy: { readonly port: number; connect(): Promise<ProtocolClient> },
    tools: { readonly random: Random; readonly figures: Figures },
  ) {
    this.number = number
    this.port = proxy.port
    this.random = tools.random
    this.figures = tools.figures
    this.#connect = proxy.connect
    this.ledger = new Ledger(
      number,
      Array.from({ length: ROWS_EACH }, (_, i) => 1 + number * ROWS_EACH + i),
    )
  }

  /** The connection; a new one when the last has ended. */
  async db(): Promise<ProtocolClient> {
    if (this.#db !== undefined) return this.#db
    this.variables.clear()
    const connected = this.#connect().catch((error: Error) => {
      throw new Broken(`client ${this.number} could not log in: ${error.message}`)
    })
    this.#db = await this.#bounded('login', connected)
    this.figures.count('connections')
    return this.#db
  }

  /** `SELECT …` and the like: a text of one statement, as rows. */
  async rows(sql: string): Promise<(string | null)[][]> {
    const [result] = await this.query(sql)
    if (result?.kind !== 'rows')
      throw new Broken(`${sql} was answered without rows: ${JSON.stringify(result)}`)
    return result.rows.map(textRow)
  }

  /** Rows that an OK packet says were affected. */
  async affected(sql: string): Promise<number> {
    const [result] = await this.query(sql)
    if (result?.kind !== 'ok')
      throw new Broken(`${sql} was answered without an OK: ${JSON.stringify(result)}`)
    return result.affectedRows
  }

  async query(sql: string): Promise<readonly Result[]> {
    return this.ask(sql, (db) => db.query(sql))
  }

  /** Has something answered within the limits; at times this client leaves before. */
  async ask<T extends Result | readonly Result[]>(
    what: string,
    question: (db: ProtocolClient) => Promise<T>,
  ): Promise<T> {
    const db = await this.db()
    this.figures.count('statements')
    const answer = question(db)
    if (this.random.oneIn(VANISH_ONE_IN)) this.#vanishSoon(db)
    let results: T
    try {
      results = await this.#bounded(what, answer)
    } catch (error) {
      if (error instanceof Broken) throw error
      this.#db = undefined
      db.destroy()
      throw new Lost((error as Error).message)
    }
    for (const result of Array.isArray(results) ? (results as readonly Result[]) : [results as Result]) {
      const error = result.kind === 'error' ? result : result.kind === 'rows' ? result.error : undefined
      if (error === undefined) continue
      this.figures.count(`error ${error.errno}`)
      this.figures.example(`error ${error.errno}`, `${what.slice(0, 100)}: ${error.message}`)
      throw new Refused(error)
    }
    return results
  }

  /** Ends the connection, by FIN or by RST. */
  vanish(state: string): void {
    const db = this.#db
    if (db === undefined) return
    this.#db = undefined
    this.figures.count(`left ${state}`)
    this.end(db)
  }

  /** Leaves as it should. */
  leave(): void {
    this.#db?.close()
    this.#db = undefined
  }

  end(db: ProtocolClient): void {
    if (this.random.oneIn(2)) db.destroy()
    else db.raw.socket.resetAndDestroy()
  }

  #vanishSoon(db: ProtocolClient): void {
    setTimeout(() => {
      if (this.#db === db) this.vanish('in any statement')
    }, this.random.int(30))
  }

  async #bounded<T>(what: string, answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const text = `client ${this.number} had no answer in ${LIMITS.answerMs} ms: ${what.slice(0, 200)}`
      timer = setTimeout(() => reject(new Broken(text)), LIMITS.answerMs)
    })
    try {
      return await Promise.race([answer, late])
    } finally {
      clearTimeout(timer)
    }
  }
}
