import type { ReadCells } from '../plan/write-primitives.ts'
import type { Assignment, Expr, Subquery } from '../sql/ast.ts'
import { type AnyNode, rewrite, someInBlock, someNode, visit } from '../sql/visit.ts'
import { sameColumn, type Table } from '../vschema/model.ts'
import { findTable } from './binding/find-table.ts'
import { namesOf } from './binding/inserted-columns.ts'
import { liveColumn } from './binding/live-column.ts'
import { makeHole, makeItem, makeSelect } from './make-node.ts'
import type { ValuesInsert } from './operators/insert-rows.ts'
import type { PlanContext } from './plan-context.ts'
import { rowsFirst, writtenInto } from './rows-first.ts'

/** An INSERT of VALUES in which what has been read stands as so many pulled out values. */
export interface WithReadCells {
  readonly ast: ValuesInsert
  readonly reads: ReadCells
}

/**
 * Takes queries out of the rows of VALUES and from behind ON DUPLICATE KEY UPDATE: what they give is asked of all shards, before any
 * row is written. MySQL has them see nothing of the table that is written (1093). Undefined where they see the row that is met or
 * inserted, or where they are about what only one connection can say.
 */
export function withReadCells(
  ast: ValuesInsert,
  table: Table,
  construct: string,
  context: PlanContext,
): WithReadCells | undefined {
  const names = namesOf(ast, table)
  const isOfRow = (expr: Expr) => namesRow(expr, { ast, table }, context)
  const exprs: Expr[] = []
  const into: ReadCells['into'][number][] = []
  let isKnown = true
  const read = (expr: Expr, column: string | undefined): Expr => {
    const kind = column === undefined ? 'number' : writtenInto(liveColumn(table, column))
    if (kind === undefined) isKnown = false
    else into.push(kind)
    return makeHole(-exprs.push(expr))
  }
  const rows = ast.source.rows.map((row) => ({
    ...row,
    values: row.values.map((value, i) => {
      if (!hasSubquery(value)) return value
      if (isOfRow(value) || names[i] === undefined) isKnown = false
      return read(value, names[i])
    }),
  }))
  const onDuplicate = ast.onDuplicate?.map((assignment): Assignment => {
    const { column, value } = assignment
    if (!hasSubquery(value)) return assignment
    if (!isOfRow(value)) return { ...assignment, value: read(value, column.name) }
    return { ...assignment, value: withoutQueries(value) }
  })
  function withoutQueries(value: Expr): Expr {
    return rewrite(value, (node) => {
      if (node.kind !== 'Subquery') return undefined
      if (isOfRow(node)) isKnown = false
      return read(node, undefined)
    })
  }
  const select = makeSelect(exprs.map(makeItem), { from: [] })
  const first = isKnown ? rowsFirst(select, construct, context) : undefined
  if (first === undefined) return undefined
  return {
    ast: { ...ast, source: { ...ast.source, rows }, ...(onDuplicate && { onDuplicate }) },
    reads: { ...first, into },
  }
}

export function hasSubquery(part: Parameters<typeof someNode>[0]): boolean {
  return someNode(part, ({ kind }) => kind === 'Subquery')
}

interface Target {
  readonly ast: ValuesInsert
  readonly table: Table
}

/** It stands for something in a row: outside of its queries any column does, within them those of no table there. */
export function namesRow(expr: Expr, target: Target, context: PlanContext): boolean {
  const isOfRow = ({ kind }: AnyNode) => kind === 'Column' || kind === 'Default' || kind === 'ValuesFunction'
  if (expr.kind !== 'Subquery' && someInBlock(expr, isOfRow)) return true
  let found = false
  visit(expr, (node) => {
    if (node.kind !== 'Subquery') return undefined
    found ||= namesOutside(node, target, context)
    return 'skip'
  })
  return found
}

/** A name that is nowhere is an error that a server tells. */
function namesOutside(subquery: Subquery, { ast, table }: Target, context: PlanContext): boolean {
  const inside: { readonly name: string; has(column: string): boolean }[] = []
  visit(subquery, (node) => {
    if (node.kind === 'Table') {
      const each = findTable(node.name, context)
      inside.push({ name: node.alias?.name ?? node.name.name, has: (name) => hasColumn(each, name) })
    } else if (node.kind === 'Derived') inside.push({ name: node.alias?.name ?? '', has: () => false })
    return undefined
  })
  const outside = [ast.table.name, ast.rowAlias?.name]
  return someNode(subquery, (node) => {
    if (node.kind === 'ValuesFunction') return true
    if (node.kind !== 'Column') return false
    const { name, qualifiers } = node
    if (qualifiers.length > 0)
      return outside.includes(qualifiers.at(-1)) && !inside.some((each) => each.name === qualifiers.at(-1))
    return hasColumn(table, name) && !inside.some(({ has }) => has(name))
  })
}

export function hasColumn(table: Table, name: string): boolean {
  return (
    liveColumn(table, name) !== undefined || table.columns.some((column) => sameColumn(column.name, name))
  )
}
