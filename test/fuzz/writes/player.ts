import { type ProtocolClient, type Result, textRow } from '../../support/protocol-client.ts'
import { type Printed, print } from '../select/fragment.ts'
import type { Side } from '../select/test-bed.ts'
import type { Script, Step } from './script.ts'

/** What a side says to a step. */
export interface Told {
  /** Of all statements that the step is made of. */
  readonly results: readonly Result[]
  /** SHOW WARNINGS behind it, where the last one speaks of some or is an error. */
  readonly warnings: readonly string[]
}

/** No step over a handful of rows takes so long, and nobody waits for anybody's lock. */
const ANSWER_MS = 40_000

/** A side's sessions while it plays one script. */
export class Player {
  readonly #side: Side
  readonly #mode: Script['mode']
  readonly #clients: (ProtocolClient | undefined)[] = []

  constructor(side: Side, mode: Script['mode']) {
    this.#side = side
    this.#mode = mode
  }

  /** A connection that is lost and an answer that does not come are told as error 2013. */
  async play(step: Step): Promise<Told> {
    const client = this.#clients[step.session] ?? (await this.#connect())
    this.#clients[step.session] = client
    try {
      return await within(perform(client, step), step)
    } catch (error) {
      return {
        results: [{ kind: 'error', errno: 2013, sqlState: 'HY000', message: String(error) }],
        warnings: [],
      }
    }
  }

  /** Ends what is open. */
  async close(): Promise<void> {
    const clients = this.#clients.filter((client) => client !== undefined)
    await Promise.allSettled(
      clients.map((client) => withinMs(client.query('ROLLBACK'), ANSWER_MS, 'ROLLBACK')),
    )
    for (const client of clients) client.destroy()
  }

  async #connect(): Promise<ProtocolClient> {
    const client = await this.#side.connect()
    if (this.#side.isProxy) await client.query(`SET transaction_mode = '${this.#mode}'`)
    for (const sql of SETTINGS) await client.query(sql)
    return client
  }
}

/** One time for all; what is not grouped is refused by MariaDB, too, and not taken from any row. */
const SETTINGS = [
  "SET time_zone = '+00:00', timestamp = 1709210096.25",
  "SET sql_mode = CONCAT(@@sql_mode, ',ONLY_FULL_GROUP_BY'), innodb_lock_wait_timeout = 10",
]

async function perform(client: ProtocolClient, step: Step): Promise<Told> {
  const results = await ask(client, step)
  const last = results.at(-1)!
  if (last.kind !== 'error' && last.warnings === 0) return { results, warnings: [] }
  const [shown] = await client.query('SHOW WARNINGS')
  const warnings = shown!.kind === 'rows' ? shown!.rows.map((row) => textRow(row).join(' ')) : []
  return { results, warnings }
}

async function ask(client: ProtocolClient, { how, sql }: Step): Promise<readonly Result[]> {
  if (how === 'text') return await client.query(print(sql, false).sql)
  const printed = print(sql, true)
  if (how === 'sql') return await askEach(client, preparedSteps(printed))
  const prepared = await client.prepare(printed.sql)
  if (prepared.kind === 'error') return [prepared]
  const results = await client.execute(prepared.id, printed.params)
  client.closeStatement(prepared.id)
  return results
}

/** One after the other, up to the first error. */
async function askEach(client: ProtocolClient, texts: readonly string[]): Promise<readonly Result[]> {
  const results: Result[] = []
  for (const text of texts) {
    results.push(...(await client.query(text)))
    if (results.at(-1)!.kind === 'error') break
  }
  return results
}

/** PREPARE, its params as variables, EXECUTE. */
export function preparedSteps({ sql, literals }: Printed): readonly string[] {
  const prepare = `PREPARE p FROM '${sql.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
  if (literals.length === 0) return [prepare, 'EXECUTE p']
  const names = literals.map((_, i) => `@p${i + 1}`)
  const set = names.map((name, i) => `${name} = ${literals[i]}`)
  return [prepare, `SET ${set.join(', ')}`, `EXECUTE p USING ${names.join(', ')}`]
}

function within<T>(answer: Promise<T>, { sql }: Step): Promise<T> {
  return withinMs(answer, ANSWER_MS, print(sql, false).sql)
}

async function withinMs<T>(answer: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms: ${what}`)), ms)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
