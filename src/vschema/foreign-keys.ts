import {
  type ForeignKey,
  type ForeignKeyRule,
  isAction,
  isSelfReferring,
  type StoredForeignKey,
} from '../values/foreign-key.ts'
import type { BuiltKeyspace } from './build-keyspace.ts'
import type { DraftTable } from './build-table.ts'
import { sameColumn, type Table } from './model.ts'

/**
 * Gives the tables of a keyspace whose foreign keys are managed those that its database is known to have. In other keyspaces, and
 * where all rows are on one shard anyway, they are the servers' alone.
 *
 * Foreign keys tie tables together: a server that looks after one of them does what it does under foreign_key_checks, which is about
 * all of them. So what is tied to a key over shards is nobody's but the proxy's.
 */
export function resolveForeignKeys({ schema, tables }: BuiltKeyspace): void {
  if (!schema.sharded || schema.foreignKeyMode !== 'managed') return
  const keys = [...tables.values()].flatMap((child) =>
    (child.live?.foreignKeys ?? []).map((stored) => tied(stored, child, tables)),
  )
  const groups = new Groups()
  for (const { key, parent } of keys) if (parent?.type !== 'reference') groups.join(key.child, key.parent)
  const ownsLookups = ({ child, onDelete, onUpdate }: ForeignKey) =>
    (isAction(onDelete) || isAction(onUpdate)) && tables.get(child)!.columnVindexes.some(({ owned }) => owned)
  // Of what a server changes by itself no lookup table hears.
  const ofProxy = keys.filter(({ key, isLocal }) => !isLocal || ownsLookups(key))
  const overShards = new Set(ofProxy.map(({ key }) => groups.of(key.child)))
  const isOverShards = ({ child }: ForeignKey) => overShards.has(groups.of(child))
  const cycle = cycleIn(keys.map(({ key }) => key).filter(isOverShards))
  for (const table of tables.values()) {
    const own = keys.filter(({ key }) => key.child === table.name)
    const toIt = keys.filter(({ key }) => key.parent === table.name)
    if (own.length + toIt.length === 0) continue
    const problem = problemOf(table, { own, toIt, cycle, isOverShards })
    table.foreignKeys = {
      own: inOrder(own),
      toIt: inOrder(toIt),
      byServers: !overShards.has(groups.of(table.name)),
      ...(problem !== undefined && { problem }),
    }
  }
}

/** What keeps tables of a keyspace from being written, each once. */
export function foreignKeyProblems(tables: Iterable<Table>): readonly string[] {
  const problems = [...tables].flatMap(({ foreignKeys }) => foreignKeys?.problem ?? [])
  return [...new Set(problems)]
}

interface TiedKey {
  readonly key: ForeignKey
  /** Undefined where the keyspace has none of its name. */
  readonly parent: DraftTable | undefined
  /** Whatever refers to a row is on its shard. */
  readonly isLocal: boolean
}

function tied(stored: StoredForeignKey, child: DraftTable, tables: ReadonlyMap<string, DraftTable>): TiedKey {
  const parent = stored.isForeign ? undefined : tables.get(stored.parent)
  const parentTypes = stored.parentColumns.flatMap(
    (name) => parent?.live?.columns.find((column) => sameColumn(column.name, name)) ?? [],
  )
  const dated = (child.live?.columns ?? []).filter((column) =>
    /\bON UPDATE\b/i.test(column.stored?.definition ?? ''),
  )
  const key: ForeignKey = {
    ...stored,
    onDelete: asCarriedOut(stored.onDelete),
    onUpdate: asCarriedOut(stored.onUpdate),
    keyspace: child.keyspace,
    child: child.name,
    parentTypes,
    dated: dated.map(({ name }) => name),
  }
  return { key, parent, isLocal: parent !== undefined && isLocal(stored, child, parent) }
}

/** InnoDB knows no SET DEFAULT: MySQL keeps the words, and carries out, and tells, NO ACTION. */
function asCarriedOut(rule: ForeignKeyRule): ForeignKeyRule {
  return rule === 'SET DEFAULT' ? 'NO ACTION' : rule
}

function isLocal({ columns, parentColumns }: StoredForeignKey, child: Table, parent: Table): boolean {
  if (parent.type === 'reference') return true
  if (child.type === 'reference') return false
  if (parent.pinned !== undefined || child.pinned !== undefined)
    return (
      parent.pinned !== undefined &&
      child.pinned !== undefined &&
      Buffer.compare(parent.pinned, child.pinned) === 0
    )
  const [own] = child.columnVindexes
  const [other] = parent.columnVindexes
  if (own === undefined || other === undefined || own.name !== other.name) return false
  return own.columns.every((column, i) => {
    const at = columns.findIndex((name) => sameColumn(name, column))
    return at >= 0 && sameColumn(parentColumns[at]!, other.columns[i] ?? '')
  })
}

function inOrder(keys: readonly TiedKey[]): readonly ForeignKey[] {
  return keys.map(({ key }) => key).sort((a, b) => (a.name < b.name ? -1 : 1))
}

// ---------------------------------------------------------------------------------------------- what is refused

interface Ties {
  readonly own: readonly TiedKey[]
  readonly toIt: readonly TiedKey[]
  readonly cycle: readonly string[]
  isOverShards(key: ForeignKey): boolean
}

function problemOf(table: Table, { own, toIt, cycle, isOverShards }: Ties): string | undefined {
  if (cycle.includes(table.name))
    return `VT09019: keyspace '${table.keyspace}' has cyclic foreign keys. Cycle exists between [${cycle.join(' ')}]`
  const lost = own.find(({ parent }) => parent === undefined)
  const copied = [...own, ...toIt].find(({ key, parent }) => {
    const isOfCopies = table.type === 'reference' && key.child === table.name && parent?.type !== 'reference'
    // Servers would change rows behind which there are others, on other shards.
    const isRule = isAction(key.onDelete) || isAction(key.onUpdate)
    const isBehind = isRule && table.type === 'reference' && key.child !== table.name && isOverShards(key)
    return isOfCopies || isBehind
  })
  const over = lost ?? copied
  if (over === undefined) return undefined
  return `VT12002: unsupported: cross-shard foreign keys between table '${table.keyspace}.${over.key.child}' and '${table.keyspace}.${over.key.parent}'`
}

/**
 * Tables whose rows would come to be changed by what was changed itself: a way along rules from a table to itself. Empty where there
 * is none; a table that refers to itself is no cycle, for its rows are followed one after the other.
 */
function cycleIn(keys: readonly ForeignKey[]): readonly string[] {
  const edges = new Map<string, Set<string>>()
  for (const key of keys) {
    if (isSelfReferring(key) || (!isAction(key.onDelete) && !isAction(key.onUpdate))) continue
    const children = edges.get(key.parent) ?? new Set()
    edges.set(key.parent, children.add(key.child))
  }
  for (const start of [...edges.keys()].sort()) {
    const way = wayBack(start, start, edges, new Set())
    if (way !== undefined) return way
  }
  return []
}

function wayBack(
  from: string,
  to: string,
  edges: ReadonlyMap<string, ReadonlySet<string>>,
  seen: Set<string>,
): readonly string[] | undefined {
  seen.add(from)
  for (const next of edges.get(from) ?? []) {
    if (next === to) return [from]
    const way = seen.has(next) ? undefined : wayBack(next, to, edges, seen)
    if (way !== undefined) return [from, ...way]
  }
  return undefined
}

/** Names that have been joined are one group. */
class Groups {
  readonly #parents = new Map<string, string>()

  of(name: string): string {
    const parent = this.#parents.get(name)
    return parent === undefined ? name : this.of(parent)
  }

  join(a: string, b: string): void {
    const [one, other] = [this.of(a), this.of(b)]
    if (one !== other) this.#parents.set(one, other)
  }
}
