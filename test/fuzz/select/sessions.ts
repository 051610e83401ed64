import type { ProtocolClient } from '../../support/protocol-client.ts'
import { type Answer, ask, lost } from './answers.ts'
import type { Case } from './cases.ts'
import type { Side } from './test-bed.ts'

/** How proxies plan: values of planner_version. */
export const WAYS = ['auto', 'federation', 'groups', 'rules'] as const
export type Way = (typeof WAYS)[number]

export function isWay(name: string): name is Way {
  return WAYS.some((way) => way === name)
}

/** Uncommitted changes that cases see; undefined: no transaction. */
export type Changes = readonly string[] | undefined

/** A side's connection for a while; a lost one is made anew. */
export class Session {
  readonly #side: Side
  readonly #way: Way
  readonly #settings: readonly string[]
  #client: ProtocolClient | undefined

  /** `settings`: beside those that all sessions have. */
  constructor(side: Side, way: Way, settings: readonly string[] = []) {
    this.#side = side
    this.#way = way
    this.#settings = [...SETTINGS, ...settings]
  }

  /** The answers to each case, and to the changes before them. */
  async run(cases: readonly Case[], changes: Changes): Promise<Run> {
    const begun = await this.#begin(changes)
    const answers: (readonly Answer[])[] = []
    for (const each of cases) {
      if (this.#client === undefined) await this.#begin(changes)
      answers.push(await this.#ask(each))
    }
    if (changes !== undefined) await this.#query('ROLLBACK')
    return { begun, answers }
  }

  close(): void {
    this.#client?.destroy()
    this.#client = undefined
  }

  async #begin(changes: Changes): Promise<readonly string[]> {
    if (changes === undefined) return []
    const told: string[] = []
    for (const sql of ['BEGIN', ...changes]) told.push(await this.#query(sql))
    return told
  }

  async #query(sql: string): Promise<string> {
    const result = (await (await this.#connected()).query(sql))[0]!
    return result.kind === 'error'
      ? `${result.errno} ${result.message}`
      : result.kind === 'ok'
        ? `${result.affectedRows}`
        : 'rows'
  }

  async #ask(each: Case): Promise<readonly Answer[]> {
    try {
      return await ask(await this.#connected(), each)
    } catch {
      this.close()
      return each.steps.map(() => lost())
    }
  }

  async #connected(): Promise<ProtocolClient> {
    if (this.#client !== undefined) return this.#client
    const client = await this.#side.connect()
    for (const sql of this.#settings) await client.query(sql)
    if (this.#side.isProxy) await client.query(`SET planner_version = '${this.#way}'`)
    this.#client = client
    return client
  }
}

export interface Run {
  /** What was told of the changes: alike on all sides, or what follows says nothing. */
  readonly begun: readonly string[]
  readonly answers: readonly (readonly Answer[])[]
}

/** One time and one time zone for all; what is not grouped is refused by MariaDB, too, and not taken from any row. */
const SETTINGS = [
  "SET time_zone = '+00:00'",
  'SET timestamp = 1709210096.25',
  "SET sql_mode = CONCAT(@@sql_mode, ',ONLY_FULL_GROUP_BY')",
]
