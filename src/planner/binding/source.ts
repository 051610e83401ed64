import { type Column, sameColumn, type Table } from '../../vschema/model.ts'

/**
 * One table in one place of a statement. Two mentions of a table are two instances; columns of an instance are named
 * by `columnKey`.
 */
export interface TableInstance {
  readonly id: number
  readonly table: Table
  /** An outer join may fill its columns with NULLs. */
  readonly nullExtended: boolean
  /** Vindexes by which its rows are not to be found: a hint says so. */
  readonly unusedVindexes?: ReadonlySet<string>
}

/** A column of a table instance; `name` in lower case. */
export interface ColumnRef {
  readonly instance: TableInstance
  readonly name: string
}

export type ColumnAnswer =
  | { readonly kind: 'Column'; readonly ref: ColumnRef }
  /** It exists, but is not a column of a table as it is stored. */
  | { readonly kind: 'Computed' }
  | { readonly kind: 'Absent' }
  /** The columns are not known; if there is such a column and it is a table's, it is `ref`. */
  | { readonly kind: 'Maybe'; readonly ref?: ColumnRef }

/** Something in FROM that has columns. */
export interface Source {
  /** Alias, or the table's name. */
  readonly name: string
  /** The keyspace that a table is named in, behind an alias, too; absent for what is no table. */
  readonly qualifier?: string
  /** Set for a table. */
  readonly instance?: TableInstance
  columnNamed(name: string): ColumnAnswer
  /** All columns of `*`, in order; undefined when they are not known. */
  readonly columns: readonly string[] | undefined
}

export function columnKey({ instance, name }: ColumnRef): string {
  return `${instance.id}.${name}`
}

/** What the VSchema says of a column. */
export function schemaColumn(ref: ColumnRef): Column | undefined {
  return ref.instance.table.columns.find((column) => sameColumn(column.name, ref.name))
}

export function tableSource(instance: TableInstance, name: string, qualifier: string): Source {
  const { table } = instance
  const known = new Set(table.columns.map((column) => column.name.toLowerCase()))
  for (const { columns } of table.columnVindexes)
    for (const column of columns) known.add(column.toLowerCase())
  if (table.autoIncrement !== undefined) known.add(table.autoIncrement.column.toLowerCase())
  const visible = table.columns.filter((column) => !column.invisible).map((column) => column.name)
  return {
    name,
    instance,
    qualifier,
    columns: table.columnListAuthoritative ? visible : undefined,
    columnNamed(column) {
      const ref = { instance, name: column.toLowerCase() }
      if (known.has(ref.name)) return { kind: 'Column', ref }
      return table.columnListAuthoritative ? { kind: 'Absent' } : { kind: 'Maybe', ref }
    },
  }
}

/** A source of which nothing is known: JSON_TABLE, a system table, a CTE inside itself. */
export function opaqueSource(name: string): Source {
  return { name, columns: undefined, columnNamed: () => ({ kind: 'Maybe' }) }
}
