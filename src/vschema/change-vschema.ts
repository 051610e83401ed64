import { unreachable } from '../base/assert.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { TableName, VindexType, VschemaChange } from '../sql/ast.ts'
import { literalValue } from '../sql/literal-value.ts'
import type { SqlMode } from '../sql/sql-mode.ts'

/** A JSON object of a VSchema, which is kept as it is spelled: in snake_case or camelCase, with fields that nobody knows. */
type Json = Record<string, unknown>

export interface ChangedKeyspace {
  readonly keyspace: string
  /** By which the statement's literals are read. */
  readonly sqlMode: SqlMode
}

/**
 * The VSchema of a keyspace, `undefined` where it has none, as ALTER VSCHEMA leaves it. Pure. Throws 1105 in vtgate's words for
 * what is there already or is not; whether the result can be served is for its reader to judge.
 * Source: Vitess, `go/vt/topotools/vschema_ddl.go`.
 */
export function changedVSchema(vschema: unknown, change: VschemaChange, of: ChangedKeyspace): Json {
  const root = structuredClone(isObject(vschema) ? vschema : {})
  const { keyspace } = of
  const isSharded = root['sharded'] === true
  const tables = objectAt(root, 'tables')
  switch (change.kind) {
    case 'CreateVindex': {
      const { name } = change.vindex
      const vindexes = objectAt(root, 'vindexes')
      if (name in vindexes) throw refused(`vindex ${name} already exists in keyspace ${keyspace}`)
      addVindex(root, name, vindexOf(change.using, of))
      return root
    }
    case 'DropVindex':
      dropVindex(root, change.vindex.name, keyspace)
      return root
    case 'AddTable':
    case 'AddSequence': {
      const { name } = change.table
      const what = change.kind === 'AddTable' ? 'table' : 'sequence'
      const action = what === 'table' ? 'add vschema table' : 'add sequence table'
      if (isSharded) throw refused(`${action}: unsupported on sharded keyspace ${keyspace}`)
      if (name in tables) throw refused(`vschema already contains ${what} ${name} in keyspace ${keyspace}`)
      tables[name] = what === 'table' ? {} : { type: 'sequence' }
      return root
    }
    case 'DropTable':
    case 'DropSequence': {
      const { name } = change.table
      const isSequence = change.kind === 'DropSequence'
      const what = isSequence ? 'sequence' : 'table'
      const found = name in tables && (!isSequence || objectAt(tables, name)['type'] === 'sequence')
      if (!found) throw refused(`vschema does not contain ${what} ${name} in keyspace ${keyspace}`)
      delete tables[name]
      return root
    }
    case 'AddColumnVindex':
      addColumnVindex(root, change, of)
      return root
    case 'DropColumnVindex':
      dropColumnVindex(tables, change, keyspace)
      return root
    case 'AddAutoIncrement': {
      const { name } = change.table
      const table = tableIn(tables, name, keyspace)
      const key = keyOf(table, 'auto_increment')
      if (isObject(table[key])) {
        const { column } = table[key]
        throw refused(`vschema already contains auto inc ${column} on table ${name} in keyspace ${keyspace}`)
      }
      table[key] = { column: change.column, sequence: nameIn(change.sequence) }
      return root
    }
    case 'DropAutoIncrement': {
      const { name } = change.table
      const table = tableIn(tables, name, keyspace)
      const key = keyOf(table, 'auto_increment')
      if (!isObject(table[key]))
        throw refused(`vschema does not contain auto increment on table ${name} in keyspace ${keyspace}`)
      delete table[key]
      return root
    }
    default:
      return unreachable(change)
  }
}

/** The keyspace's first vindex makes it sharded. */
function addVindex(root: Json, name: string, vindex: Json): void {
  const vindexes = objectAt(root, 'vindexes')
  if (Object.keys(vindexes).length === 0) root['sharded'] = true
  vindexes[name] = vindex
}

function dropVindex(root: Json, name: string, keyspace: string): void {
  const vindexes = objectAt(root, 'vindexes')
  if (!(name in vindexes)) throw refused(`vindex ${name} does not exist in keyspace ${keyspace}`)
  for (const [table, record] of Object.entries(objectAt(root, 'tables'))) {
    if (columnVindexesOf(record).some((each) => each['name'] === name))
      throw refused(`can not drop vindex cause ${name} still defined on table ${table}`)
  }
  delete vindexes[name]
}

function addColumnVindex(
  root: Json,
  change: VschemaChange & { readonly kind: 'AddColumnVindex' },
  of: ChangedKeyspace,
): void {
  const { using, columns } = change
  const vindex = change.vindex.name
  const vindexes = objectAt(root, 'vindexes')
  if (using === undefined) {
    if (!(vindex in vindexes)) throw refused(`vindex ${vindex} does not exist in keyspace ${of.keyspace}`)
  } else if (vindex in vindexes) {
    checkSame(vindex, objectAt(vindexes, vindex), vindexOf(using, of))
  } else addVindex(root, vindex, vindexOf(using, of))
  const table = objectAt(objectAt(root, 'tables'), change.table.name)
  const others = columnVindexesOf(table)
  if (others.some(({ name }) => name === vindex))
    throw refused(`vindex ${vindex} already defined on table ${change.table.name}`)
  table[keyOf(table, 'column_vindexes')] = [...others, { name: vindex, columns: [...columns] }]
}

/** One that is there already is meant only where it is the same. */
function checkSame(name: string, known: Json, wanted: Json): void {
  if (known['type'] !== wanted['type'])
    throw refused(`vindex ${name} defined with type ${known['type']} not ${wanted['type']}`)
  const [owner = '', wantedOwner = ''] = [known['owner'], wanted['owner']]
  if (owner !== wantedOwner) throw refused(`vindex ${name} defined with owner ${owner} not ${wantedOwner}`)
  const params = (vindex: Json) =>
    JSON.stringify(Object.entries(isObject(vindex['params']) ? vindex['params'] : {}).sort())
  if (params(known) !== params(wanted)) throw refused(`vindex ${name} defined with different parameters`)
}

function dropColumnVindex(
  tables: Json,
  change: VschemaChange & { readonly kind: 'DropColumnVindex' },
  keyspace: string,
): void {
  const [table, vindex] = [change.table.name, change.vindex.name]
  if (!(table in tables)) throw refused(`table ${keyspace}.${table} not defined in vschema`)
  const record = objectAt(tables, table)
  const all = columnVindexesOf(record)
  const rest = all.filter(({ name }) => name !== vindex)
  if (rest.length === all.length) throw refused(`vindex ${vindex} not defined in table ${keyspace}.${table}`)
  if (rest.length === 0) delete tables[table]
  else record[keyOf(record, 'column_vindexes')] = rest
}

function tableIn(tables: Json, name: string, keyspace: string): Json {
  if (name in tables) return objectAt(tables, name)
  throw refused(`vschema does not contain table ${name} in keyspace ${keyspace}`)
}

/** `owner` stands among the parameters. */
function vindexOf({ type, params }: VindexType, { sqlMode }: ChangedKeyspace): Json {
  const texts = params.map(({ name, value }): readonly [string, string] => {
    if (typeof value === 'string') return [name, value]
    const { text, type: literal } = value
    const { bytes } = literalValue(text, { type: literal, start: 0, end: text.length }, sqlMode)
    return [name, Buffer.from(bytes).toString()]
  })
  const owner = texts.find(([name]) => name === 'owner')?.[1]
  const others = texts.filter(([name]) => name !== 'owner')
  return {
    type,
    ...(others.length > 0 && { params: Object.fromEntries(others) }),
    ...(owner !== undefined && { owner }),
  }
}

function columnVindexesOf(table: unknown): readonly Json[] {
  const list = isObject(table) ? table[keyOf(table, 'column_vindexes')] : undefined
  return Array.isArray(list) ? list.filter(isObject) : []
}

function nameIn({ qualifier, name }: TableName): string {
  return qualifier === undefined ? name : `${qualifier}.${name}`
}

/** The object in a field, which is put there if there is none. */
function objectAt(json: Json, field: string): Json {
  const found = json[field]
  if (isObject(found)) return found
  const made: Json = {}
  json[field] = made
  return made
}

/** As the field is spelled there. */
function keyOf(json: Json, field: string): string {
  const camel = field.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  return camel in json ? camel : field
}

function isObject(json: unknown): json is Json {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

function refused(message: string): SqlError {
  return new SqlError('ER_UNKNOWN_ERROR', message)
}
