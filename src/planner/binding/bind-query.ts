import type { Query, Select, SetOperation } from '../../sql/ast.ts'
import { someInBlock, visit } from '../../sql/visit.ts'
import { sameColumn } from '../../vschema/model.ts'
import { bindTables } from './bind-from.ts'
import { bindConjuncts, bindExprs } from './bind-subqueries.ts'
import type { BoundNested, BoundQuery, BoundSelect, BoundUnion, BoundValues } from './bound.ts'
import { addFacts } from './facts-of.ts'
import { Level } from './level.ts'
import { isTransparent, outputColumn, outputColumns } from './output-columns.ts'
import { type Place, scopeAround, withCtes, within } from './place.ts'
import { isAbsent, type Scope } from './scope.ts'
import type { ColumnAnswer } from './source.ts'
import { isAggregateCall } from './traits.ts'

/** Throws SqlError for names that are not there, Unplanned for what has no bound form. */
export function bindQuery(query: Query, place: Place): BoundQuery {
  switch (query.kind) {
    case 'Select':
      return bindSelect(query, place)
    case 'TableQuery': {
      const { kind: _, name, ...clauses } = query
      const { span } = query
      const star = { kind: 'Star', qualifiers: [], span } as const
      const table = { kind: 'Table', name, span } as const
      return bindSelect({ ...clauses, kind: 'Select', modifiers: [], items: [star], from: [table] }, place)
    }
    case 'NestedQuery':
      return bindNested(query, place)
    case 'SetOperation':
      return bindUnion(query, place)
    case 'ValuesQuery': {
      const subqueries = bindExprs(query.rows, scopeAround(place), place)
      const { level } = place
      const values: BoundValues['values'] = { kind: 'Unplaced', what: 'VALUES', level, subqueries }
      return { kind: 'Values', ast: query, values, ...opaque(undefined) }
    }
  }
}

/** Rows that are none of a table's, and columns that are none either. */
function opaque(columns: readonly string[] | undefined) {
  return {
    columns,
    columnNamed: (name: string): ColumnAnswer => {
      if (columns === undefined) return { kind: 'Maybe' }
      return { kind: columns.some((each) => sameColumn(each, name)) ? 'Computed' : 'Absent' }
    },
    isTransparent: false,
    rows: [],
  }
}

/** Parentheses without clauses of their own add nothing. */
function bindNested(ast: Query & { readonly kind: 'NestedQuery' }, place: Place): BoundQuery {
  const { with: ctes, orderBy, limit, locks, into } = ast
  if ([ctes, orderBy, limit, locks, into].every((clause) => clause === undefined))
    return bindQuery(ast.query, place)
  const query = bindQuery(ast.query, within(place, { ctes: withCtes(ctes, place) }))
  const { columns, rows } = query
  const nested: BoundNested = {
    kind: 'Nested',
    ast,
    query,
    columns,
    columnNamed: (name) => query.columnNamed(name),
    isTransparent: query.isTransparent && limit === undefined,
    rows,
  }
  return nested
}

function bindUnion(ast: SetOperation, place: Place): BoundUnion {
  const ctes = withCtes(ast.with, place)
  const operands = ast.operands.map((operand) =>
    bindQuery(operand, within(place, { ctes, origin: ast.op, level: new Level(place.level) })),
  )
  return { kind: 'Union', ast, operands, ...opaque(operands[0].columns) }
}

function bindSelect(select: Select, place: Place): BoundSelect {
  const { level } = place
  const inner: Place = { ...place, ctes: withCtes(select.with, place) }
  const from = bindTables(select.from, inner)
  const scope: Scope = { ...scopeAround(place), sources: from.sources, merged: from.merged }
  if (select.where !== undefined) addFacts(select.where, scope, level)
  const where = bindConjuncts(select.where, scope, inner)
  const having = bindConjuncts(select.having, scope, inner)
  const rest = [select.items, select.groupBy, select.orderBy, select.windows, select.qualify]
  const subqueries = bindExprs(rest, scope, inner)
  const rows = from.rows.filter((table) => table.level.is(level))
  return {
    kind: 'Select',
    ast: select,
    scope,
    level,
    from: from.bound,
    where,
    having,
    subqueries,
    rows,
    hasOuterAggregate: place.outer !== undefined && hasOuterAggregate(select, scope),
    columns: outputColumns(select, scope),
    columnNamed: (name) => outputColumn(select, scope, name),
    isTransparent: isTransparent(select, scope, rows, level),
  }
}

/** `(SELECT SUM(outer.x))`: an aggregate belongs to the query whose columns it takes. */
function hasOuterAggregate(select: Select, scope: Scope): boolean {
  return someInBlock([select.items, select.having, select.orderBy], (node) => {
    if (!isAggregateCall(node)) return false
    let hasColumn = false
    const isOutside = visit(node.args, (inner) => {
      if (inner.kind !== 'Column') return undefined
      hasColumn = true
      return isAbsent(inner, scope) ? undefined : 'stop'
    })
    return hasColumn && isOutside
  })
}
