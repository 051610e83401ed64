import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { printPath } from '../../src/topology/paths.ts'
import { eventually } from '../support/eventually.ts'
import { type Pair, startPair } from '../support/pair.ts'
import { type ProtocolClient, printError } from '../support/protocol-client.ts'
import { SHOP_ROWS } from './shop-rows.ts'

const here = import.meta.dirname
const python = join(here, '../../.cache/test-apps-python')

export interface Application {
  readonly command: string
  readonly args: readonly string[]
  /** Whether what it imports is here: `npm test` installs it where it can. */
  readonly isInstalled: boolean
}

export function nodeApplication(path: string): Application {
  return {
    command: process.execPath,
    args: [join(here, path)],
    isInstalled: existsSync(join(here, 'node_modules/.shardgate-lock')),
  }
}

export function pythonApplication(path: string): Application {
  return {
    command: join(python, 'bin/python'),
    args: ['-B', join(here, path)],
    isInstalled: existsSync(join(python, '.shardgate-lock')),
  }
}

/** A Java program of one file, which the launcher compiles. */
export function javaApplication(path: string, ...args: readonly string[]): Application {
  const libraries = join(here, '../../.cache/test-apps-java')
  return {
    command: 'java',
    args: ['-cp', `${libraries}/*`, join(here, path), ...args.map((arg) => join(here, arg))],
    isInstalled: existsSync(join(libraries, '.shardgate-lock')),
  }
}

/** The program that `npm test` has built of `sessions/go`. */
export function goApplication(...args: readonly string[]): Application {
  const built = join(here, '../../.cache/test-apps-go')
  return {
    command: join(built, 'session'),
    args: args.map((arg) => join(here, arg)),
    isInstalled: existsSync(join(built, '.shardgate-lock')),
  }
}

export interface Server {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
}

/** What an application has printed for a question. */
export interface AppAnswer {
  readonly name: string
  readonly value?: unknown
  readonly error?: string
  /** As its ORM logs them. */
  readonly statements: readonly string[]
}

/** Runs it to its end. Rejects with what it has said when that is not a line for each question. */
export async function runApplication(app: Application, server: Server): Promise<readonly AppAnswer[]> {
  const { host, port, user, password } = server
  // Java has no reader of JSON in its library.
  const parts = { APP_HOST: host, APP_PORT: String(port), APP_USER: user, APP_PASSWORD: password }
  const env = { ...process.env, APP_SERVER: JSON.stringify(server), ...parts, TZ: 'UTC' }
  const child = spawn(app.command, app.args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [output, complaints] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaints += text
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve)
  })
  if (code !== 0)
    throw new Error(`${app.args.join(' ')} ended with ${code}: ${complaints}\n${output.slice(-2_000)}`)
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AppAnswer)
}

/** By question, where the two differ: what both said, and the statements that the ORM sent to the proxy. */
export function differences(
  expected: readonly AppAnswer[],
  actual: readonly AppAnswer[],
): ReadonlyMap<string, string> {
  const byName = new Map(actual.map((answer) => [answer.name, answer]))
  const found = new Map<string, string>()
  for (const answer of expected) {
    const other = byName.get(answer.name)
    if (said(answer) === said(other)) continue
    const told = [`- ${said(answer)}`, `+ ${said(other)}`].map((line) => line.slice(0, SHOWN_MAX))
    found.set(answer.name, [answer.name, ...told, ...(other?.statements ?? [])].join('\n    '))
  }
  return found
}

const SHOWN_MAX = 1_000

function said(answer: AppAnswer | undefined): string {
  return answer === undefined ? 'nothing' : JSON.stringify(answer.error ?? answer.value)
}

/** A plain server and a proxy over two shards with the shop's rows; `shop` holds the depot's tables, too. */
export async function startShop(server: 'mysql' | 'mariadb'): Promise<Pair> {
  const schemaDir = join(here, 'schema')
  const pair = await startPair({ server, shardCounts: [2], schemaDir, keyspaces: ['shop', 'depot'] })
  try {
    const [{ cluster, connect }] = pair.proxies
    const rules = DEPOT_TABLES.map((table) => ({
      from_table: `shop.${table}`,
      to_tables: [`depot.${table}`],
    }))
    const path = printPath({ kind: 'RoutingRules' })
    await cluster.store.commit([{ kind: 'put', path, value: JSON.stringify({ rules }) }])
    const client = await connect({ database: 'shop' })
    await eventually(
      'the routing rules are known',
      async () => !(await failure(client, 'SELECT 1 FROM stock')),
    )
    await fill(client)
    client.close()
    const plain = await pair.reference.connect({ database: 'shop' })
    for (const table of DEPOT_TABLES) await run(plain, `CREATE VIEW ${table} AS SELECT * FROM depot.${table}`)
    await fill(plain)
    plain.close()
    return pair
  } catch (error) {
    await pair.close()
    throw error
  }
}

const DEPOT_TABLES = ['stock', 'warehouses']

async function fill(client: ProtocolClient): Promise<void> {
  for (const sql of SHOP_ROWS) await run(client, sql)
}

async function run(client: ProtocolClient, sql: string): Promise<void> {
  const failed = await failure(client, sql)
  if (failed !== undefined) throw new Error(`${sql.slice(0, 60)}: ${failed}`)
}

async function failure(client: ProtocolClient, sql: string): Promise<string | undefined> {
  const failed = (await client.query(sql)).find((result) => result.kind === 'error')
  return failed?.kind === 'error' ? printError(failed) : undefined
}
