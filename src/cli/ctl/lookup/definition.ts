import { sameColumn } from '../../../vschema/model.ts'

/** A lookup vindex as it is asked for. */
export interface LookupDefinition {
  /** The owner's keyspace. */
  readonly keyspace: string
  readonly name: string
  readonly type: string
  readonly owner: string
  /** Of the owner. */
  readonly columns: readonly string[]
  readonly table: { readonly keyspace: string; readonly name: string }
  /** Columns of the lookup table, for the values and for the keyspace id. */
  readonly from: readonly string[]
  readonly to: string
  /** Others than `table`, `from`, `to` and `write_only`. */
  readonly params: Readonly<Record<string, string>>
}

/** How a lookup table is told in its keyspace's VSchema. */
export interface LookupTablePlace {
  readonly name: string
  /** Of a sharded keyspace: by which its rows are placed. `type`: where the VSchema has no vindex of the name yet. */
  readonly placedBy?: { readonly column: string; readonly vindex: string; readonly type?: string }
}

type Json = Readonly<Record<string, unknown>>

/** The VSchema with the vindex in it, which is written from now on and not read. Throws for one that is there. */
export function withLookup(vschema: unknown, definition: LookupDefinition): Json {
  const { name, type, owner, columns, table, from, to, params } = definition
  const json = objectOf(vschema)
  const vindexes = objectOf(json['vindexes'])
  if (vindexes[name] !== undefined)
    throw new Error(
      `keyspace ${definition.keyspace} has a vindex ${name} already; take another name, or remove it first: ` +
        `shardgate ctl lookup cancel ${definition.keyspace} ${name}`,
    )
  const own = {
    type,
    params: {
      table: `${table.keyspace}.${table.name}`,
      from: from.join(','),
      to,
      ...params,
      write_only: 'true',
    },
    owner,
  }
  const columnVindex = columns.length === 1 ? { column: columns[0], name } : { columns, name }
  const tables = objectOf(json['tables'])
  const ownerJson = objectOf(tables[owner])
  const field = fieldOf(ownerJson, 'column_vindexes', 'columnVindexes')
  return {
    ...json,
    vindexes: { ...vindexes, [name]: own },
    tables: { ...tables, [owner]: { ...ownerJson, [field]: [...listOf(ownerJson[field]), columnVindex] } },
  }
}

/** The VSchema with a lookup table that it does not name yet. */
export function withTable(vschema: unknown, { name, placedBy }: LookupTablePlace): Json {
  const json = objectOf(vschema)
  const vindexes = objectOf(json['vindexes'])
  const tables = objectOf(json['tables'])
  if (placedBy === undefined) return { ...json, tables: { ...tables, [name]: {} } }
  const { column, vindex, type } = placedBy
  return {
    ...json,
    ...(type !== undefined && { vindexes: { ...vindexes, [vindex]: { type } } }),
    tables: { ...tables, [name]: { column_vindexes: [{ column, name: vindex }] } },
  }
}

/** The VSchema without the vindex. */
export function withoutLookup(vschema: unknown, name: string): Json {
  const json = objectOf(vschema)
  const { [name]: _gone, ...vindexes } = objectOf(json['vindexes'])
  const tables = Object.entries(objectOf(json['tables'])).map(([table, content]) => {
    const own = objectOf(content)
    const field = fieldOf(own, 'column_vindexes', 'columnVindexes')
    if (own[field] === undefined) return [table, content]
    return [table, { ...own, [field]: listOf(own[field]).filter((each) => objectOf(each)['name'] !== name) }]
  })
  return { ...json, vindexes, tables: Object.fromEntries(tables) }
}

export function withoutTable(vschema: unknown, name: string): Json {
  const json = objectOf(vschema)
  const { [name]: _gone, ...tables } = objectOf(json['tables'])
  return { ...json, tables }
}

/** The VSchema with a vindex that may be read. */
export function readable(vschema: unknown, name: string): Json {
  const json = objectOf(vschema)
  const vindexes = objectOf(json['vindexes'])
  const vindex = objectOf(vindexes[name])
  const { write_only: _over, ...params } = objectOf(vindex['params'])
  return { ...json, vindexes: { ...vindexes, [name]: { ...vindex, params } } }
}

/** What of the VSchema decides which entries there are, as text. */
export function fingerprintOf(vschema: unknown, name: string): string {
  const json = objectOf(vschema)
  const vindex = objectOf(objectOf(json['vindexes'])[name])
  const owner = objectOf(objectOf(json['tables'])[String(vindex['owner'])])
  const { write_only: _not, ...params } = objectOf(vindex['params'])
  return JSON.stringify([
    vindex['type'],
    params,
    vindex['owner'],
    owner[fieldOf(owner, 'column_vindexes', 'columnVindexes')],
  ])
}

export function hasColumn(columns: readonly string[], name: string): boolean {
  return columns.some((each) => sameColumn(each, name))
}

/** `name=value`, several times. Throws for what `create` has options for. */
export function paramsOf(texts: readonly string[]): Readonly<Record<string, string>> {
  const params = texts.map((text): [string, string] => {
    const at = text.indexOf('=')
    if (at < 1) throw new Error(`--param ${text}: write name=value, such as ignore_nulls=true`)
    const name = text.slice(0, at)
    const own = { table: '--table', from: '--from', to: '--to' }[name]
    if (own !== undefined) throw new Error(`--param ${name}: give it as ${own}`)
    if (name === 'write_only')
      throw new Error('--param write_only: a new vindex always is; lookup externalize makes it readable')
    return [name, text.slice(at + 1)]
  })
  return Object.fromEntries(params)
}

function objectOf(json: unknown): Json {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Json) : {}
}

function listOf(json: unknown): readonly unknown[] {
  return Array.isArray(json) ? json : []
}

/** Protobuf's JSON has two spellings. */
function fieldOf(json: Json, snake: string, camel: string): string {
  return json[camel] === undefined ? snake : camel
}
