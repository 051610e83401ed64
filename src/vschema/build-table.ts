import { SqlError } from '../errors/sql-error.ts'
import { type KeyspaceId, parseKeyspaceId } from '../key/keyspace-id.ts'
import type { Vindex } from '../vindex/vindex.ts'
import {
  type Column,
  type ColumnSource,
  type ColumnVindex,
  type LiveTable,
  sameColumn,
  type Table,
} from './model.ts'
import type { ColumnRecord, ColumnVindexRecord, KeyspaceRecord, TableRecord } from './records.ts'
import { splitTableName } from './table-name.ts'

/** A keyspace while its tables are made. */
export interface KeyspaceDraft {
  readonly name: string
  readonly record: KeyspaceRecord
  /** Vindexes that could be made; the others have problems. */
  readonly vindexes: ReadonlyMap<string, Vindex>
  readonly vindexProblems: ReadonlyMap<string, readonly string[]>
}

/** A table's part of it: what is wrong with one table keeps no other from use. */
interface TableDraft extends KeyspaceDraft {
  readonly problems: string[]
}

/** A table while keyspaces are tied together: what lies in other keyspaces is filled in last. */
export type DraftTable = { -readonly [Field in keyof Table]: Table[Field] } & {
  readonly referencedBy: Map<string, Table>
  /** What keeps the table from use; grows while references and sequences are resolved. */
  readonly problems: string[]
}

/** A table as made from its own record; `source` is checked and `autoIncrement` added when all keyspaces are there. */
export function buildTable(
  draft: KeyspaceDraft,
  name: string,
  record: TableRecord,
  columnSource: ColumnSource | undefined,
): DraftTable {
  const keyspace: TableDraft = { ...draft, problems: [...record.mistakes] }
  const type = tableType(keyspace, name, record)
  const pinned = pinnedId(keyspace, record)
  if (needsVindex(keyspace, record) && record.columnVindexes.length === 0) {
    keyspace.problems.push(`missing primary col vindex for table: ${name}`)
  }
  const source =
    type === 'reference' && record.source !== '' ? sourceOf(keyspace, name, record.source) : undefined
  const columnVindexes = buildColumnVindexes(keyspace, name, record)
  const live = columnSource?.tableOf(keyspace.name, name)
  const columns = record.columnListAuthoritative ? undefined : live?.columns
  return {
    keyspace: keyspace.name,
    sharded: keyspace.record.sharded,
    name,
    type,
    columnVindexes,
    vindexesByCost: [...columnVindexes].sort((a, b) => a.cost - b.cost),
    columns: columns ?? buildColumns(keyspace, name, record.columns),
    columnListAuthoritative: record.columnListAuthoritative || columns !== undefined,
    live,
    ...(pinned && { pinned }),
    ...(source && { source }),
    referencedBy: new Map(),
    problems: keyspace.problems,
  }
}

/** A table that no VSchema names: any table of an unsharded keyspace, a view of a sharded one. */
export function undeclaredTable(
  keyspace: string,
  name: string,
  { isSharded, live }: { readonly isSharded: boolean; readonly live: LiveTable | undefined },
): DraftTable {
  return {
    keyspace,
    sharded: isSharded,
    name,
    type: 'normal',
    columnVindexes: [],
    vindexesByCost: [],
    columns: live?.columns ?? [],
    columnListAuthoritative: live !== undefined,
    live,
    referencedBy: new Map(),
    problems: [],
  }
}

function tableType(keyspace: TableDraft, name: string, record: TableRecord): Table['type'] {
  switch (record.type) {
    case '':
      return 'normal'
    case 'reference':
      return 'reference'
    case 'sequence':
      if (keyspace.record.sharded && record.pinned === '') {
        keyspace.problems.push(`sequence table has to be in an unsharded keyspace or must be pinned: ${name}`)
      }
      return 'sequence'
    default:
      keyspace.problems.push(`unidentified table type ${record.type}`)
      return 'normal'
  }
}

function needsVindex(keyspace: TableDraft, record: TableRecord): boolean {
  return keyspace.record.sharded && record.type === '' && record.pinned === ''
}

function pinnedId(keyspace: TableDraft, record: TableRecord): KeyspaceId | undefined {
  if (record.pinned === '') return undefined
  try {
    return parseKeyspaceId(record.pinned)
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    keyspace.problems.push(`could not decode the keyspace id for pin: ${error.message}`)
    return undefined
  }
}

function sourceOf(keyspace: TableDraft, name: string, source: string): Table['source'] {
  const parts = splitTableName(source)
  if (parts !== undefined) return { keyspace: parts.keyspace ?? '', table: parts.table }
  keyspace.problems.push(
    `invalid source ${JSON.stringify(source)} for reference table: ${name}; invalid table name: '${source}', it must ` +
      'be of the unqualified form <table_name> or the qualified form <keyspace_name>.<table_name> ' +
      '(dots are not allowed in either name)',
  )
  return undefined
}

function buildColumns(keyspace: TableDraft, table: string, records: readonly ColumnRecord[]): Column[] {
  return records.map((record, i) => {
    if (records.slice(0, i).some((earlier) => sameColumn(earlier.name, record.name))) {
      keyspace.problems.push(`duplicate column name '${record.name}' for table: ${table}`)
    }
    const { default: text, collation, ...rest } = record
    return {
      ...rest,
      autoIncrement: false,
      ...(text !== '' && { default: text }),
      ...(collation !== '' && { collation }),
    }
  })
}

function buildColumnVindexes(keyspace: TableDraft, table: string, record: TableRecord): ColumnVindex[] {
  return record.columnVindexes.flatMap((ind, i) => {
    const info = keyspace.record.vindexes.get(ind.name)
    if (info === undefined) {
      keyspace.problems.push(`vindex ${ind.name} not found for table ${table}`)
      return []
    }
    const vindex = keyspace.vindexes.get(ind.name)
    const columns = vindexColumns(keyspace, table, ind)
    if (vindex === undefined || columns.length === 0) return []
    const whole: ColumnVindex = {
      columns,
      name: ind.name,
      type: info.type,
      vindex,
      unique: vindex.unique,
      cost: vindex.cost,
      partial: false,
      owned: vindex.kind === 'lookup' && info.owner === table,
      backfilling: vindex.kind === 'lookup' && vindex.backfilling,
    }
    checkPlace(keyspace, table, whole, i)
    return [whole, ...partialVindexes(whole)]
  })
}

function vindexColumns(keyspace: TableDraft, table: string, ind: ColumnVindexRecord): readonly string[] {
  const which = `vindex (${ind.name}) and table (${table})`
  if (ind.column === '') {
    if (ind.columns.length === 0) keyspace.problems.push(`must specify at least one column for ${which}`)
    return ind.columns
  }
  if (ind.columns.length > 0) {
    keyspace.problems.push(`can't use column and columns at the same time in ${which}`)
  }
  return [ind.column]
}

/** What a vindex may be depends on whether it is the table's first. */
function checkPlace(keyspace: TableDraft, table: string, cv: ColumnVindex, position: number): void {
  const { problems } = keyspace
  if (position === 0 && !cv.unique) {
    problems.push(`primary vindex ${cv.name} is not Unique for table ${table}`)
  }
  if (position === 0 && cv.owned)
    problems.push(`primary vindex ${cv.name} cannot be owned for table ${table}`)
  if (cv.vindex.kind !== 'multi') return
  if (position > 0) {
    problems.push(`multi-column vindex ${cv.name} should be a primary vindex for table ${table}`)
  }
  // Vitess lets this pass and then finds no place for the table's rows.
  if (cv.columns.length !== cv.vindex.columnCount) {
    problems.push(
      `multi-column vindex ${cv.name} takes ${cv.vindex.columnCount} columns, ` +
        `not ${cv.columns.length}, for table ${table}`,
    )
  }
}

/** The first columns of a multi-column vindex alone: each column less costs one more. */
function partialVindexes(whole: ColumnVindex): ColumnVindex[] {
  if (whole.vindex.kind !== 'multi' || !whole.vindex.partial) return []
  return whole.columns.slice(1).map((_, i) => ({
    ...whole,
    columns: whole.columns.slice(0, whole.columns.length - 1 - i),
    cost: whole.cost + 1 + i,
    unique: false,
    partial: true,
  }))
}
