import type { Assignment, ColumnName, Delete, TableRef, Update } from '../sql/ast.ts'
import { tablesIn } from '../sql/tables-in.ts'
import type { Table } from '../vschema/model.ts'
import type { BoundWrite } from './binding/bound.ts'
import { hasShardsOfItsOwn } from './binding/find-table.ts'
import type { Source } from './binding/source.ts'

/** A table that an UPDATE or DELETE changes. */
export interface Target {
  readonly table: Table
  readonly node: TableRef
  readonly source: Source
}

/** Each with rows of its own on its shards, or with copies of all on each of them; undefined where one has neither. */
export function targetsOf(bound: BoundWrite): readonly Target[] | undefined {
  const { ast } = bound
  const changed = new Set(
    ast.kind === 'Update' ? ast.set.map((each) => assignedTo(each, bound)) : deletedOf(bound),
  )
  const targets = [...changed].map((source) => source && targetOf(source, bound))
  return targets.every((target) => target !== undefined) ? targets : undefined
}

function targetOf(source: Source, { ast, scope }: BoundWrite): Target | undefined {
  const { instance } = source
  if (instance === undefined) return undefined
  const { table } = instance
  const isElsewhere = table.type === 'reference' && table.source !== undefined
  if (!hasShardsOfItsOwn(table) && table.sharded && !isReplicated(table)) return undefined
  if (isElsewhere) return undefined
  const nodes = (ast.kind === 'Update' ? ast.tables : ast.from).flatMap(tablesIn)
  const named = nodes.filter((node) => (node.alias ?? node.name).name === source.name)
  return named.length === 1 && scope.sources.includes(source) ? { table, node: named[0]!, source } : undefined
}

/** Its rows are on each shard of its keyspace, where they change alike. */
export function isReplicated(table: Table): boolean {
  return (
    table.sharded && table.type === 'reference' && table.source === undefined && !hasShardsOfItsOwn(table)
  )
}

/** What the statement does with rows of this table. */
export function ofTarget(bound: BoundWrite, { source }: Target): Update | Delete {
  const { ast } = bound
  if (ast.kind === 'Delete') return ast
  const set = ast.set.filter((assignment) => assignedTo(assignment, bound) === source)
  return set.length === ast.set.length ? ast : { ...ast, set }
}

function assignedTo({ column }: Assignment, bound: BoundWrite): Source | undefined {
  const { sources } = bound.scope
  const [only] = sources
  return sources.length === 1 ? only : sourceOf(column, sources)
}

function deletedOf({ ast, scope: { sources } }: BoundWrite): readonly (Source | undefined)[] {
  if (ast.kind !== 'Delete' || ast.form === 'single') return sources.slice(0, 1)
  return ast.targets.map(({ name }) => sources.find((source) => source.name === name.name))
}

/** Whose column it surely is. */
export function sourceOf({ qualifiers, name }: ColumnName, sources: readonly Source[]): Source | undefined {
  const qualifier = qualifiers.at(-1)
  if (qualifier !== undefined) return sources.find((source) => source.name === qualifier)
  const having = sources.filter((source) => source.columnNamed(name).kind !== 'Absent')
  return having.length === 1 ? having[0] : undefined
}
