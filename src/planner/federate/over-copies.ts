import type { Alias, ColumnName, Query, Select, SelectItem, Star, TableRef } from '../../sql/ast.ts'
import { tablesIn } from '../../sql/tables-in.ts'
import { type AnyNode, rewrite } from '../../sql/visit.ts'
import type { Table } from '../../vschema/model.ts'
import { liveColumn } from '../binding/live-column.ts'

/** A table of the statement, and the copy that stands for it. */
export interface CopiedRef {
  readonly copy: string
  /** As the statement says or means. */
  readonly keyspace: string
  readonly table: Table
}

type Refs = ReadonlyMap<TableRef, CopiedRef>

export interface OverCopies {
  readonly query: Query
  /** Columns that are named otherwise there, and what the client says: for errors. */
  readonly told: ReadonlyMap<string, string>
}

/**
 * The statement with its copies' names. These are all in one database, whatever keyspaces the tables are from: no column has a
 * keyspace in front, and tables of several keyspaces that have one name in a FROM get names of their own there.
 */
export function overCopies(query: Query, refs: Refs): OverCopies {
  const known = new Map([...refs].map(([node, ref]) => [nameKey(ref.keyspace, nameOf(node)), ref]))
  const names: Names = { refs, known, twins: new Map(), told: new Map() }
  const over = rewritten(query, names)
  const told = [...names.told].filter(([name, said]) => name !== said)
  return { query: over, told: new Map(told) }
}

interface Names {
  readonly refs: Refs
  /** By keyspaces and names; one of those that have them. */
  readonly known: ReadonlyMap<string, CopiedRef>
  /** By the name that they have in common. */
  readonly twins: ReadonlyMap<string, readonly Twin[]>
  /** What the client says for each column's name; the name itself where that is said, too. */
  readonly told: Map<string, string>
}

/** One of several tables of a FROM that have one name, each in a keyspace of its own. */
interface Twin {
  readonly ref: CopiedRef
  /** That it has instead; tables that MySQL does not tell apart get the same one. */
  readonly alias: string
}

/** `own`: the query whose tables `names` has already. */
function rewritten(part: Query, names: Names, own?: Select): Query {
  return rewrite(part, (node): AnyNode | undefined => {
    switch (node.kind) {
      case 'Select': {
        const inner = node === own ? names : within(node, names)
        if (inner === names) return undefined
        const select = withStars(node, inner)
        return rewritten(select, inner, select)
      }
      case 'Table':
        return copyRef(node, names)
      case 'Column':
      case 'Star': {
        const qualifiers = qualifiersOf(node, names)
        if (node.kind === 'Column') noteTold(node, qualifiers, names)
        return qualifiers === node.qualifiers ? undefined : { ...node, qualifiers }
      }
      default:
        return undefined
    }
  })
}

function copyRef(node: TableRef, { refs, twins }: Names): TableRef | undefined {
  const ref = refs.get(node)
  if (ref === undefined) return undefined
  const { span } = node
  const name = nameOf(node)
  const twin = twins.get(name)?.find(({ ref: { keyspace } }) => keyspace === ref.keyspace)
  const other: Alias = { kind: 'Alias', name: twin?.alias ?? name, as: true, span }
  const alias = twin === undefined ? (node.alias ?? other) : other
  return { kind: 'Table', name: { kind: 'TableName', name: ref.copy, span }, alias, span }
}

/** The names that a query's clauses see: its own tables hide those around it. */
function within({ from }: Select, names: Names): Names {
  const own = new Map<string, Twin[]>()
  for (const node of from.flatMap(tablesIn)) {
    const ref = names.refs.get(node)
    const name = nameOf(node)
    const others = own.get(name) ?? []
    if (ref === undefined || others.some(({ ref: { keyspace } }) => keyspace === ref.keyspace)) continue
    own.set(name, [...others, { ref, alias: ref.copy }])
  }
  const twins = new Map(names.twins)
  let changes = false
  for (const [name, tables] of own) {
    changes ||= tables.length > 1 || twins.has(name)
    if (tables.length > 1) twins.set(name, tables)
    else twins.delete(name)
  }
  return changes ? { ...names, twins } : names
}

/** `x.*` is of all tables of that name. */
function withStars(select: Select, { twins }: Names): Select {
  const items = select.items.flatMap((item): readonly SelectItem[] => {
    const found = item.kind === 'Star' && item.qualifiers.length === 1 && twins.get(item.qualifiers[0]!)
    return item.kind === 'Star' && found
      ? found.map(({ ref }) => ({ ...item, qualifiers: [ref.keyspace, item.qualifiers[0]!] }))
      : [item]
  })
  return { ...select, items }
}

function qualifiersOf(node: ColumnName | Star, names: Names): readonly string[] {
  const { qualifiers } = node
  const name = qualifiers.at(-1)
  if (name === undefined) return qualifiers
  const twins = names.twins.get(name)
  if (qualifiers.length > 1) {
    const keyspace = qualifiers[0]!
    const ref = names.known.get(nameKey(keyspace, name))
    // There is no such column, and MySQL says so.
    if (ref === undefined || (node.kind === 'Column' && !hasColumn(ref, node))) return qualifiers
    const twin = twins?.find((each) => each.ref.keyspace === keyspace)
    return [twin?.alias ?? name]
  }
  if (twins === undefined || node.kind === 'Star') return qualifiers
  const owners = twins.filter(({ ref }) => hasColumn(ref, node))
  if (owners.length === 0) return qualifiers
  // Without a table's name it is ambiguous, as it is with one that several have.
  return owners.length > 1 ? [] : [owners[0]!.alias]
}

function hasColumn({ table }: CopiedRef, { name }: ColumnName): boolean {
  return liveColumn(table, name) !== undefined
}

function noteTold(
  { name, qualifiers: said }: ColumnName,
  qualifiers: readonly string[],
  { told }: Names,
): void {
  const isSame = qualifiers === said
  const key = [...qualifiers, name].join('.')
  if (isSame || told.get(key) !== key) told.set(key, [...said, name].join('.'))
}

function nameOf({ alias, name }: TableRef): string {
  return alias?.name ?? name.name
}

function nameKey(keyspace: string, name: string): string {
  return JSON.stringify([keyspace, name])
}
