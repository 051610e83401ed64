import { type ProtocolClient, type Rows, textRow } from '../../support/protocol-client.ts'
import type { Family } from '../select/column-types.ts'
import type { Difference } from '../select/compare-answers.ts'
import { hiddenTables } from '../select/hidden-tables.ts'
import { insertedColumns } from '../select/rows.ts'
import { allTables, type Column, type Schema, type Table } from '../select/schema.ts'
import type { Pair, ShardDatabase } from '../select/test-bed.ts'
import { lookupFaults } from './lookups.ts'

/** A table in a database of the server that has both the plain databases and the shards. */
interface Place {
  readonly database: string
  readonly table: string
  /** Undefined: a plain one. */
  readonly shard: ShardDatabase | undefined
}

/**
 * What the tables of a plain server and of the shards beside it hold, seen from outside: uncommitted rows, too. Digests are computed
 * by the server; rows come only where they differ.
 */
export class Contents {
  readonly #client: ProtocolClient
  readonly #pair: Pair
  readonly #schema: Schema
  /** By place; as it was when everything was copied. */
  #kept: ReadonlyMap<string, string> = new Map()

  private constructor(client: ProtocolClient, pair: Pair, schema: Schema) {
    this.#client = client
    this.#pair = pair
    this.#schema = schema
  }

  /** Copies what there is, for `restore`. */
  static async open(pair: Pair, schema: Schema): Promise<Contents> {
    const client = await pair.plain.connect()
    const contents = new Contents(client, pair, schema)
    await contents.#ask("SET sql_mode = '', time_zone = '+00:00'")
    await contents.#ask('SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED')
    await contents.#keep()
    return contents
  }

  close(): void {
    this.#client.destroy()
  }

  /** The first of the tables whose rows differ. */
  async compare(tables: readonly Table[]): Promise<Difference | undefined> {
    const digests = await this.#digests(tables.flatMap((table) => this.#placesOf(table)))
    for (const table of tables) {
      const places = this.#placesOf(table)
      const expected = digestOf(
        digests,
        places.filter(({ shard }) => shard === undefined),
      )
      const copies =
        table.sharding === undefined
          ? places.filter(({ shard }) => shard).map((place) => [place])
          : [places.filter(({ shard }) => shard)]
      const wrong = copies.find((own) => digestOf(digests, own) !== expected)
      if (wrong === undefined) continue
      const [left, right] = [places.filter(({ shard }) => shard === undefined), wrong]
      return {
        kind: 'contents',
        expected: await this.#rows(table, left),
        got: await this.#rows(table, right),
      }
    }
    return undefined
  }

  /** Rows on shards where they do not belong, entries of lookup tables that are missing or left over. */
  async compareLookups(tables: readonly Table[]): Promise<Difference | undefined> {
    for (const table of tables) {
      if (table.sharding === undefined) continue
      const found = await lookupFaults(table, this.#pair.shards, async (sql) => await this.#query(sql))
      if (found !== undefined) return found
    }
    return undefined
  }

  /** All that differs from what has been kept becomes that again. */
  async restore(): Promise<void> {
    const places = this.#allPlaces()
    const digests = await this.#digests(places)
    const changed = places.filter(
      (place) => digests.get(nameOf(place))!.text !== this.#kept.get(nameOf(place)),
    )
    if (changed.length === 0) return
    const texts = changed.map((place) => {
      const names = this.#columnsOf(place).join(', ')
      return `DELETE FROM ${sqlOf(place)}; INSERT INTO ${sqlOf(place)} (${names}) SELECT ${names} FROM ${keptAs(place)}`
    })
    await this.#ask(`BEGIN; ${texts.join('; ')}; COMMIT`)
  }

  async #keep(): Promise<void> {
    const places = this.#allPlaces()
    const texts = places.map(
      (place) =>
        `CREATE TABLE ${keptAs(place)} AS SELECT ${this.#columnsOf(place).join(', ')} FROM ${sqlOf(place)}`,
    )
    await this.#ask(`DROP DATABASE IF EXISTS kept; CREATE DATABASE kept; ${texts.join('; ')}`)
    const digests = await this.#digests(places)
    this.#kept = new Map([...digests].map(([name, { text }]) => [name, text]))
  }

  #allPlaces(): readonly Place[] {
    const hidden = this.#pair.shards.flatMap((shard) =>
      hiddenTables(this.#schema, shard.keyspace)
        .filter(({ name }) => !name.endsWith('_seq'))
        .map(({ name }): Place => ({ database: shard.database, table: name, shard })),
    )
    return [...allTables(this.#schema).flatMap((table) => this.#placesOf(table)), ...hidden]
  }

  #placesOf({ keyspace, name }: Table): readonly Place[] {
    const shards = this.#pair.shards.filter((shard) => shard.keyspace === keyspace)
    return [
      { database: keyspace, table: name, shard: undefined },
      ...shards.map((shard): Place => ({ database: shard.database, table: name, shard })),
    ]
  }

  #tableOf({ table }: Place): Table | undefined {
    return allTables(this.#schema).find(({ name }) => name === table)
  }

  #columnsOf(place: Place): readonly string[] {
    const table = this.#tableOf(place)
    if (table !== undefined) return insertedColumns(table).map(({ name }) => name)
    const [, column] = /^[^_]+_(.*)$/.exec(place.table)!
    return [column!, 'keyspace_id']
  }

  async #digests(places: readonly Place[]): Promise<ReadonlyMap<string, Digest>> {
    const selects = places.map((place) => {
      const crc = `CRC32(${this.#rowOf(place)})`
      return `SELECT '${nameOf(place)}', COUNT(*), COALESCE(SUM(${crc}), 0), BIT_XOR(${crc}) FROM ${sqlOf(place)}`
    })
    const rows = await this.#query(selects.join(' UNION ALL '))
    return new Map(
      rows.map(([name, count, sum, xor]) => [
        name!,
        { count: Number(count), sum: BigInt(sum!), xor: BigInt(xor!), text: `${count} ${sum} ${xor}` },
      ]),
    )
  }

  async #rows(table: Table, places: readonly Place[]): Promise<string> {
    const selects = places.map((place) => `SELECT ${readable(table.columns)} FROM ${sqlOf(place)}`)
    const rows = await this.#query(selects.join(' UNION ALL '))
    return [
      `${table.name} (${table.columns.map(({ name }) => name).join(', ')})`,
      ...rows.map(([row]) => row!).sort(),
    ].join('\n')
  }

  /** All of a row as one text. */
  #rowOf(place: Place): string {
    const table = this.#tableOf(place)
    const columns =
      table === undefined ? this.#columnsOf(place).map((name) => `HEX(${name})`) : table.columns.map(exact)
    return `CONCAT_WS('|', ${columns.join(', ')})`
  }

  async #ask(sql: string): Promise<void> {
    for (const result of await this.#client.query(sql))
      if (result.kind === 'error') throw new Error(`${result.errno} ${result.message}\n${sql.slice(0, 2000)}`)
  }

  async #query(sql: string): Promise<readonly (readonly (string | null)[])[]> {
    const [result] = await this.#client.query(sql)
    if (result!.kind === 'error')
      throw new Error(`${result!.errno} ${result!.message}\n${sql.slice(0, 2000)}`)
    return (result as Rows).rows.map(textRow)
  }
}

interface Digest {
  readonly count: number
  readonly sum: bigint
  readonly xor: bigint
  readonly text: string
}

function digestOf(digests: ReadonlyMap<string, Digest>, places: readonly Place[]): string {
  const own = places.map((place) => digests.get(nameOf(place))!)
  const count = own.reduce((total, digest) => total + digest.count, 0)
  const sum = own.reduce((total, digest) => total + digest.sum, 0n)
  return `${count} ${sum} ${own.reduce((all, { xor }) => all ^ xor, 0n)}`
}

/** Every byte of a value; of what is no string, its text. */
function exact({ name, type }: Column): string {
  return `COALESCE(${TEXTS[type.family]?.(name) ?? name}, '~')`
}

const bytes = (name: string) => `HEX(${name})`
const TEXTS: Readonly<Partial<Record<Family, (name: string) => string>>> = {
  text: bytes,
  binary: bytes,
  enum: bytes,
  set: bytes,
  bit: (name) => `${name} + 0`,
  json: (name) => `CAST(${name} AS CHAR)`,
}

function readable(columns: readonly Column[]): string {
  const shown = columns.map(({ name, type }) =>
    type.family === 'binary' || type.family === 'bit'
      ? `COALESCE(HEX(${name}), 'NULL')`
      : `COALESCE(CONVERT(${name} USING utf8mb4), 'NULL')`,
  )
  return `CONCAT_WS('|', ${shown.join(', ')})`
}

function nameOf({ database, table }: Place): string {
  return `${database}.${table}`
}

function sqlOf({ database, table }: Place): string {
  return `\`${database}\`.${table}`
}

function keptAs(place: Place): string {
  return `kept.\`${nameOf(place)}\``
}
