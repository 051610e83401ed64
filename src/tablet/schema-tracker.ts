import type { Connection } from 'mysql2/promise'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../telemetry/log.ts'
import { Repeats } from '../telemetry/repeats.ts'
import type { Column, StoredKey, StoredView } from '../values/column.ts'
import type { StoredForeignKey } from '../values/foreign-key.ts'
import { describePrograms, type StoredProgram, type StoredPrograms } from '../values/stored-programs.ts'
import type { ValueType } from '../values/value.ts'
import type { Gateway } from './gateway.ts'
import type { ServedShard } from './keyspace-shards.ts'
import { readPrograms } from './program-reader.ts'
import {
  type DatabaseColumn,
  NO_KEYS,
  readColumns,
  readForeignKeys,
  readKeys,
  readRowCounts,
  readViews,
  type TableKeys,
} from './schema-reader.ts'
import { storedColumn } from './stored-column.ts'
import { storedKeys } from './stored-keys.ts'

/** How often the columns are read again, for changes that did not come through this proxy. */
const REFRESH_MS = 30_000
const RETRY_MS = 250
/** Tables of fewer rows are all the same to plans. */
const SMALL_ROWS = 100
const RESIZED = 8

/**
 * Knows the columns of all tables, as the primary of each keyspace's first shard has them: for INSERT without a column
 * list, `SELECT DISTINCT *`, and the types by which rows are routed and merged.
 */
export class SchemaTracker {
  readonly #gateway: Gateway
  readonly #clock: Clock
  readonly #repeats: Repeats
  readonly #onChange: () => void
  readonly #keyspaces = new Map<string, ReadonlyMap<string, LiveTable>>()
  readonly #programs = new Map<string, StoredPrograms>()
  /** What was read, as text, to see whether it has changed. */
  readonly #texts = new Map<string, string>()
  /** Reads are numbered as they begin; a result is older than what is known when a later read came first. */
  #lastRead = 0
  readonly #knownFrom = new Map<string, number>()
  #round = 0
  #cancelTimer: (() => void) | undefined
  #closed = false

  constructor(gateway: Gateway, clock: Clock, log: Logger, onChange: () => void) {
    this.#gateway = gateway
    this.#clock = clock
    this.#repeats = new Repeats(log, clock)
    this.#onChange = onChange
  }

  tableOf(keyspace: string, table: string): LiveTable | undefined {
    return this.#keyspaces.get(keyspace)?.get(table)
  }

  tablesOf(keyspace: string): Iterable<string> {
    return this.#keyspaces.get(keyspace)?.keys() ?? []
  }

  /** Those of all its shards, for a shard may have some of its own; undefined where there are none. */
  programsOf(keyspace: string): StoredPrograms | undefined {
    return this.#programs.get(keyspace)
  }

  /**
   * Reads all keyspaces now, and again from time to time. Resolves when each has been read once: what cannot be read is
   * tried again until it can. Never rejects.
   */
  async start(): Promise<void> {
    const round = ++this.#round
    this.#cancelTimer?.()
    let left: readonly string[] = [...this.#gateway.keyspaces.keys()]
    for (;;) {
      const results = await Promise.all(left.map((name) => this.refresh(name)))
      // Another round has begun meanwhile, for a topology that has changed.
      if (this.#closed || round !== this.#round) return
      left = left.filter((_, i) => !results[i])
      if (left.length === 0) break
      await new Promise<void>((resolve) => this.#clock.after(RETRY_MS, resolve))
    }
    this.#cancelTimer = this.#clock.after(REFRESH_MS, () => void this.start())
  }

  /** Reads one keyspace. False when its database could not be reached. */
  async refresh(keyspace: string): Promise<boolean> {
    const read = ++this.#lastRead
    try {
      const [first, ...others] = this.#gateway.shardsOf(keyspace).shards
      const ofOthers = Promise.all(others.map((shard) => this.#programsOn(shard)))
      const { database, targets } = first!
      const schema = await this.#gateway.control(targets.PRIMARY, (connection) =>
        readSchema(connection, database),
      )
      const ofShards = [schema.programs, ...(await ofOthers)].filter((each) => each !== undefined)
      this.#take(keyspace, { ...schema, programs: ofShards.flat(), shards: ofShards.length }, read)
      this.#repeats.end(keyspace)
      return true
    } catch (error) {
      const reason = (error as Error).message
      this.#repeats.tell('info', keyspace, 'cannot read the columns of a keyspace: trying again', {
        keyspace,
        reason,
      })
      return false
    }
  }

  close(): void {
    this.#closed = true
    this.#cancelTimer?.()
    this.#repeats.close()
  }

  /** Undefined of a shard that cannot be asked: it runs none either. */
  async #programsOn({ database, targets }: ServedShard): Promise<readonly StoredProgram[] | undefined> {
    try {
      return await this.#gateway.control(targets.PRIMARY, (connection) => readPrograms(connection, database))
    } catch {
      return undefined
    }
  }

  #take(keyspace: string, schema: ReadSchema, read: number): void {
    const { columns, keys, rowCounts, views, programs, shards, foreignKeys, database } = schema
    if (this.#closed || read < (this.#knownFrom.get(keyspace) ?? 0)) return
    this.#knownFrom.set(keyspace, read)
    const text = JSON.stringify([columns, [...keys], [...views], programs, shards, [...foreignKeys]])
    const isSized = this.#hasSizes(keyspace, rowCounts)
    if (this.#texts.get(keyspace) === text && isSized) return
    this.#texts.set(keyspace, text)
    const { triggered } = describePrograms(programs)
    const tables = new Map<string, LiveTable & { readonly columns: Column[] }>()
    for (const column of columns) {
      const own = keys.get(column.table) ?? NO_KEYS
      let table = tables.get(column.table)
      if (table === undefined) {
        const query = views.get(column.table)
        table = {
          columns: [],
          keys: storedKeys(own),
          shardRows: rowCounts.get(column.table) ?? 0,
          ...(query !== undefined && { view: { query, database } }),
          foreignKeys: foreignKeys.get(column.table) ?? [],
          ...(triggered.has(column.table) && { hasTriggers: true }),
        }
        tables.set(column.table, table)
      }
      table.columns.push(modelOf(column, own))
    }
    this.#keyspaces.set(keyspace, tables)
    if (programs.length === 0) this.#programs.delete(keyspace)
    else this.#programs.set(keyspace, describePrograms(programs, shards))
    this.#onChange()
  }

  /** Whether plans know about how large the tables are: they are made anew for what has grown or shrunk several times over. */
  #hasSizes(keyspace: string, rowCounts: ReadonlyMap<string, number>): boolean {
    const known = this.#keyspaces.get(keyspace) ?? new Map<string, LiveTable>()
    return [...known].every(([table, { shardRows }]) => {
      const [less, more] = [shardRows, rowCounts.get(table) ?? 0].sort((a, b) => a - b)
      return more! < SMALL_ROWS || more! <= less! * RESIZED
    })
  }
}

interface LiveTable {
  readonly columns: readonly Column[]
  readonly keys: readonly StoredKey[]
  readonly shardRows: number
  readonly view?: StoredView
  readonly foreignKeys: readonly StoredForeignKey[]
  readonly hasTriggers?: true
}

interface ReadSchema {
  readonly columns: readonly DatabaseColumn[]
  readonly keys: ReadonlyMap<string, TableKeys>
  readonly rowCounts: ReadonlyMap<string, number>
  readonly views: ReadonlyMap<string, string>
  readonly programs: readonly StoredProgram[]
  /** That have told of them. */
  readonly shards: number
  readonly foreignKeys: ReadonlyMap<string, readonly StoredForeignKey[]>
  readonly database: string
}

async function readSchema(connection: Connection, database: string): Promise<ReadSchema> {
  const columns = await readColumns(connection, database)
  const keys = await readKeys(connection, database)
  const rowCounts = await readRowCounts(connection, database, columns[0]?.isMariadb ?? true)
  const views = await readViews(connection, database)
  const programs = await readPrograms(connection, database)
  const foreignKeys = await readForeignKeys(connection, database)
  return { columns, keys, rowCounts, views, programs, shards: 1, foreignKeys, database }
}

/** A column as plans know it. */
export function modelOf(column: DatabaseColumn, keys: TableKeys = NO_KEYS): Column {
  const type = valueTypeOf(column)
  return {
    name: column.name,
    ...(type === undefined ? {} : { type }),
    ...(column.collation === null ? {} : { collation: column.collation }),
    nullable: column.nullable,
    invisible: column.extra.includes('invisible'),
    autoIncrement: column.extra.includes('auto_increment'),
    values: type === 'ENUM' ? membersOf(column.columnType) : [],
    ...sizesOf(column.columnType),
    ...(column.default === null ? {} : { default: column.default }),
    stored: storedColumn(column, keys),
  }
}

/** `varchar(8)`, `decimal(10,2)`: what stands in the parentheses. */
function sizesOf(columnType: string): Pick<Column, 'size' | 'scale'> {
  const found = /^[a-z]+\((\d+)(?:,(\d+))?\)/.exec(columnType)
  if (found === null) return {}
  const [, size, scale] = found
  return { size: Number(size), ...(scale === undefined ? {} : { scale: Number(scale) }) }
}

/** `enum('a','it''s')`: its members. */
function membersOf(columnType: string): readonly string[] {
  return [...columnType.matchAll(/'((?:[^']|'')*)'/g)].map(([, text]) => text!.replaceAll("''", "'"))
}

const TYPES: Readonly<Record<string, ValueType>> = {
  tinyint: 'INT8',
  smallint: 'INT16',
  mediumint: 'INT24',
  int: 'INT32',
  bigint: 'INT64',
  decimal: 'DECIMAL',
  float: 'FLOAT32',
  double: 'FLOAT64',
  bit: 'BIT',
  year: 'YEAR',
  date: 'DATE',
  time: 'TIME',
  datetime: 'DATETIME',
  timestamp: 'TIMESTAMP',
  char: 'CHAR',
  varchar: 'VARCHAR',
  binary: 'BINARY',
  varbinary: 'VARBINARY',
  tinytext: 'TEXT',
  text: 'TEXT',
  mediumtext: 'TEXT',
  longtext: 'TEXT',
  tinyblob: 'BLOB',
  blob: 'BLOB',
  mediumblob: 'BLOB',
  longblob: 'BLOB',
  enum: 'ENUM',
  set: 'SET',
  json: 'JSON',
  vector: 'VECTOR',
  geometry: 'GEOMETRY',
  point: 'GEOMETRY',
  linestring: 'GEOMETRY',
  polygon: 'GEOMETRY',
  multipoint: 'GEOMETRY',
  multilinestring: 'GEOMETRY',
  multipolygon: 'GEOMETRY',
  geomcollection: 'GEOMETRY',
  geometrycollection: 'GEOMETRY',
}

const UNSIGNED: Partial<Record<ValueType, ValueType>> = {
  INT8: 'UINT8',
  INT16: 'UINT16',
  INT24: 'UINT24',
  INT32: 'UINT32',
  INT64: 'UINT64',
}

/** Undefined for types that only one server has (uuid, inet6 …): they are not routed or merged by type. */
function valueTypeOf(column: DatabaseColumn): ValueType | undefined {
  const type = TYPES[column.dataType]
  if (type === undefined || !column.columnType.toLowerCase().includes('unsigned')) return type
  return UNSIGNED[type] ?? type
}
