import type { Side } from '../support/pair.ts'
import {
  bigintParam,
  blobParam,
  datetimeParam,
  doubleParam,
  type Param,
  type ProtocolClient,
  printError,
  type Result,
  stringParam,
} from '../support/protocol-client.ts'
import { type Outcome, rowText } from './compare.ts'
import { TABLES } from './rows.ts'
import type { Protocol } from './run-list.ts'
import type { JsonParam, ListedStatement, StatementList } from './statement-list.ts'

const CHANGES =
  /^(insert|update|delete|replace|truncate|commit|rollback|end|set|create|alter|drop|begin|start|xa|unlock)\b/i
const IN_TRANS = 1
/** What locks tables, or ends that. */
const LOCKS = /^(lock tables|unlock|begin|start)\b/i

/** A statement with the values of its params. */
export type Asked = Pick<ListedStatement, 'sql'> & Partial<Pick<ListedStatement, 'params'>>

/** One side's connection for one list, and a second one that looks at the tables. */
export class Runner {
  readonly #client: ProtocolClient
  readonly #observer: ProtocolClient
  /** Tables changed in the open transaction. */
  readonly #changed = new Set<string>()
  #inTransaction = false
  /** By LOCK TABLES: the observer would wait. */
  #isLocked = false

  private constructor(client: ProtocolClient, observer: ProtocolClient) {
    this.#client = client
    this.#observer = observer
  }

  static async open(
    side: Side,
    {
      foundRows = false,
      isAdmin = false,
      database = 'main',
    }: Partial<Pick<StatementList, 'foundRows' | 'isAdmin'>> & { readonly database?: string },
  ): Promise<Runner> {
    return new Runner(await side.connect({ database, foundRows, isAdmin }), await side.connect({ database }))
  }

  async run(statement: Asked, protocol: Protocol): Promise<Pick<Outcome, 'prepared' | 'results'>> {
    const answer = protocol === 'text' ? await this.#text(statement) : await this.#binary(statement)
    const last = answer.results.at(-1)
    if (last !== undefined && last.kind !== 'error') {
      this.#inTransaction = (last.status & IN_TRANS) !== 0
      if (LOCKS.test(statement.sql)) this.#isLocked = /^lock/i.test(statement.sql)
    }
    return answer
  }

  /** As `level code message`. */
  async showWarnings(): Promise<readonly string[]> {
    return await rowsOf(this.#client, 'SHOW WARNINGS')
  }

  /** The rows of the tables that a changing statement names; after a transaction, of all that it changed. */
  async tablesOf({ sql }: ListedStatement): Promise<ReadonlyMap<string, readonly string[]>> {
    if (!CHANGES.test(sql)) return new Map()
    for (const table of TABLES) if (new RegExp(`\\b${table}\\b`).test(sql)) this.#changed.add(table)
    if (this.#inTransaction || this.#isLocked) return new Map()
    const tables = new Map<string, readonly string[]>()
    for (const table of this.#changed) {
      const rows = await rowsOf(this.#observer, `SELECT * FROM ${table}`)
      tables.set(table, [...rows].sort())
    }
    this.#changed.clear()
    return tables
  }

  close(): void {
    this.#client.close()
    this.#observer.close()
  }

  async #text({ sql, params }: Asked): Promise<Pick<Outcome, 'prepared' | 'results'>> {
    if (params !== undefined) return await this.#binary({ sql, params })
    return { prepared: undefined, results: await this.#client.query(sql) }
  }

  /** What cannot be prepared runs as text afterwards, so that the list goes on alike. */
  async #binary({ sql, params = [] }: Asked): Promise<Pick<Outcome, 'prepared' | 'results'>> {
    const prepared = await this.#client.prepare(sql)
    if (prepared.kind === 'error') return { prepared, results: await this.#client.query(sql) }
    const first = await this.#client.execute(prepared.id, params.map(paramOf))
    this.#client.closeStatement(prepared.id)
    return { prepared, results: first }
  }
}

async function rowsOf(client: ProtocolClient, sql: string): Promise<readonly string[]> {
  const result = (await client.query(sql))[0] as Result
  if (result.kind === 'rows' && result.error === undefined) return result.rows.map(rowText)
  return [result.kind === 'error' ? printError(result) : result.kind]
}

function paramOf(value: JsonParam): Param {
  if (value === null) return null
  if (typeof value === 'number') return Number.isInteger(value) ? bigintParam(value) : doubleParam(value)
  if (typeof value === 'string') return stringParam(value)
  if ('hex' in value) return blobParam(Buffer.from(value.hex, 'hex'))
  return datetimeParam(value.datetime)
}
