import type { ValueType } from '../values/value.ts'
import { type Findings, RecordReader } from './record-reader.ts'

/**
 * VSchema files as Vitess defines them. What is not a field of the format is told apart from what is wrong: Vitess passes
 * over it, and so does serving. Source: Vitess `proto/vschema.proto`.
 */
export interface KeyspaceRecord {
  readonly sharded: boolean
  readonly vindexes: ReadonlyMap<string, VindexRecord>
  readonly tables: ReadonlyMap<string, TableRecord>
  readonly requireExplicitRouting: boolean
  readonly foreignKeyMode: (typeof foreignKeyModes)[number]
  readonly multiTenantSpec?: { readonly column: string; readonly type: ValueType }
  /** What is wrong outside of single vindexes and tables; those have mistakes of their own. */
  readonly mistakes: readonly string[]
}

export interface VindexRecord {
  readonly type: string
  readonly params: Readonly<Record<string, string>>
  readonly owner: string
  readonly mistakes: readonly string[]
}

export interface TableRecord {
  readonly type: string
  readonly columnVindexes: readonly ColumnVindexRecord[]
  readonly autoIncrement?: { readonly column: string; readonly sequence: string }
  readonly columns: readonly ColumnRecord[]
  readonly pinned: string
  readonly columnListAuthoritative: boolean
  readonly source: string
  readonly mistakes: readonly string[]
}

export interface ColumnVindexRecord {
  readonly name: string
  readonly column: string
  readonly columns: readonly string[]
}

export interface ColumnRecord {
  readonly name: string
  readonly type?: ValueType
  readonly invisible: boolean
  readonly default: string
  readonly collation: string
  readonly size?: number
  readonly scale?: number
  readonly nullable: boolean
  readonly values: readonly string[]
}

export interface RoutingRuleRecord {
  readonly fromTable: string
  readonly toTables: readonly string[]
}

export interface ShardRoutingRuleRecord {
  readonly fromKeyspace: string
  readonly toKeyspace: string
  readonly shard: string
}

/** A record and what is wrong with its JSON, each mistake with its path. */
export interface Parsed<T> {
  readonly record: T
  readonly problems: readonly string[]
  readonly unknownFields: readonly string[]
}

const foreignKeyModes = ['unspecified', 'disallow', 'unmanaged', 'managed'] as const

/** Reads the VSchema of a keyspace. `where` begins the path of each mistake: a file's or the keyspace's name. */
export function parseKeyspaceVSchema(json: unknown, where: string): Parsed<KeyspaceRecord> {
  const found = nothing()
  const { unknownFields } = found
  const record = readKeyspace(json, where, found)
  const parts = [...record.vindexes.values(), ...record.tables.values()]
  return {
    record,
    problems: [...record.mistakes, ...parts.flatMap(({ mistakes }) => mistakes)],
    unknownFields,
  }
}

/** Reads `{"rules": [{"from_table", "to_tables"}]}`. */
export function parseRoutingRules(json: unknown, where: string): Parsed<readonly RoutingRuleRecord[]> {
  const found = nothing()
  const record = new RecordReader(json, where, ['rules'], found).list('rules', (item, path) => {
    const rule = new RecordReader(item, path, ['from_table', 'to_tables'], found)
    return { fromTable: rule.text('from_table'), toTables: rule.texts('to_tables') }
  })
  return { record, ...found }
}

/** Reads `{"rules": [{"from_keyspace", "to_keyspace", "shard"}]}`. */
export function parseShardRoutingRules(
  json: unknown,
  where: string,
): Parsed<readonly ShardRoutingRuleRecord[]> {
  const found = nothing()
  const record = new RecordReader(json, where, ['rules'], found).list('rules', (item, path) => {
    const rule = new RecordReader(item, path, ['from_keyspace', 'to_keyspace', 'shard'], found)
    return {
      fromKeyspace: rule.text('from_keyspace'),
      toKeyspace: rule.text('to_keyspace'),
      shard: rule.text('shard'),
    }
  })
  return { record, ...found }
}

function nothing(): Findings {
  return { problems: [], unknownFields: [] }
}

/** For a part whose mistakes are its own. */
function apart({ unknownFields }: Findings): Findings {
  return { problems: [], unknownFields }
}

function readKeyspace(json: unknown, path: string, found: Findings): KeyspaceRecord {
  const fields = [
    'sharded',
    'vindexes',
    'tables',
    'require_explicit_routing',
    'foreign_key_mode',
    'multi_tenant_spec',
  ]
  const reader = new RecordReader(json, path, fields, found)
  const multiTenantSpec = reader.object('multi_tenant_spec', (item, at) => {
    const spec = new RecordReader(item, at, ['tenant_id_column_name', 'tenant_id_column_type'], found)
    return {
      column: spec.text('tenant_id_column_name'),
      type: spec.valueType('tenant_id_column_type') ?? 'NULL',
    }
  })
  return {
    sharded: reader.flag('sharded'),
    vindexes: reader.map('vindexes', (item, at) => readVindex(item, at, apart(found))),
    tables: reader.map('tables', (item, at) => readTable(item, at, apart(found))),
    requireExplicitRouting: reader.flag('require_explicit_routing'),
    foreignKeyMode: reader.choice('foreign_key_mode', foreignKeyModes),
    ...(multiTenantSpec && { multiTenantSpec }),
    mistakes: found.problems,
  }
}

function readVindex(json: unknown, path: string, found: Findings): VindexRecord {
  const reader = new RecordReader(json, path, ['type', 'params', 'owner'], found)
  return {
    type: reader.text('type'),
    params: reader.textMap('params'),
    owner: reader.text('owner'),
    mistakes: found.problems,
  }
}

function readTable(json: unknown, path: string, found: Findings): TableRecord {
  const fields = [
    'type',
    'column_vindexes',
    'auto_increment',
    'columns',
    'pinned',
    'column_list_authoritative',
    'source',
  ]
  const reader = new RecordReader(json, path, fields, found)
  const autoIncrement = reader.object('auto_increment', (item, at) => {
    const auto = new RecordReader(item, at, ['column', 'sequence'], found)
    return { column: auto.text('column'), sequence: auto.text('sequence') }
  })
  return {
    type: reader.text('type'),
    columnVindexes: reader.list('column_vindexes', (item, at) => readColumnVindex(item, at, found)),
    ...(autoIncrement && { autoIncrement }),
    columns: reader.list('columns', (item, at) => readColumn(item, at, found)),
    pinned: reader.text('pinned'),
    columnListAuthoritative: reader.flag('column_list_authoritative'),
    source: reader.text('source'),
    mistakes: found.problems,
  }
}

function readColumnVindex(json: unknown, path: string, found: Findings): ColumnVindexRecord {
  const reader = new RecordReader(json, path, ['column', 'name', 'columns'], found)
  return { name: reader.text('name'), column: reader.text('column'), columns: reader.texts('columns') }
}

function readColumn(json: unknown, path: string, found: Findings): ColumnRecord {
  const fields = [
    'name',
    'type',
    'invisible',
    'default',
    'collation_name',
    'size',
    'scale',
    'nullable',
    'values',
  ]
  const reader = new RecordReader(json, path, fields, found)
  const type = reader.valueType('type')
  const size = reader.integer('size')
  const scale = reader.integer('scale')
  return {
    name: reader.text('name'),
    // Protobuf's zero value: a column whose type is not said has type NULL_TYPE.
    ...(type !== undefined && type !== 'NULL' && { type }),
    invisible: reader.flag('invisible'),
    default: reader.text('default'),
    collation: reader.text('collation_name'),
    ...(size !== undefined && { size }),
    ...(scale !== undefined && { scale }),
    nullable: reader.flag('nullable', true),
    values: reader.texts('values'),
  }
}
