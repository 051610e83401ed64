import type { ColumnName, Cte, Expr, In, Quantified, Query, Select, Subquery, With } from '../../sql/ast.ts'
import { type AnyNode, type Part, someInBlock, visit } from '../../sql/visit.ts'
import { nullValue } from '../../values/value.ts'
import { sameColumn } from '../../vschema/model.ts'
import type { Analysis, Member } from './analysis.ts'
import { analyzeTables } from './analyze-from.ts'
import { Level } from './equalities.ts'
import { addEqualRefs, addFacts, refOf } from './facts-of.ts'
import { findSource, hasColumn, resolveColumn, type Scope } from './scope.ts'
import { type ColumnAnswer, type ColumnRef, columnKey } from './source.ts'
import { hasWindow, isAggregateCall, isAggregated, isDistinct, itemName } from './traits.ts'

/** A CTE where it is known; `recursive`: within itself. */
export interface KnownCte {
  readonly cte: Cte
  readonly ctes: Ctes
  readonly recursive: boolean
}
export type Ctes = ReadonlyMap<string, KnownCte>

/** Where a query stands. */
export interface Place {
  readonly analysis: Analysis
  readonly level: Level
  readonly outer: Scope | undefined
  readonly ctes: Ctes
  readonly role: Member['role']
  readonly origin: string
  readonly nullExtended: boolean
}

/** A query with its tables: `members` are those with shards of their own, subqueries' included. */
export interface QueryInfo {
  readonly members: readonly Member[]
  /** The columns of its rows; undefined where they are not known. */
  readonly columns: readonly string[] | undefined
  columnNamed(name: string): ColumnAnswer
  /** All rows of its FROM and WHERE come through, or whole groups that lie on one shard. */
  readonly isTransparent: boolean
}

export interface SelectInfo extends QueryInfo {
  readonly select: Select
  readonly scope: Scope
  readonly ctes: Ctes
  /** Members of FROM alone. */
  readonly tables: readonly Member[]
}

export function analyzeQuery(query: Query, place: Place): QueryInfo {
  switch (query.kind) {
    case 'Select':
      return analyzeSelect(query, place)
    case 'NestedQuery': {
      const inner = analyzeQuery(query.query, { ...place, ctes: withCtes(query.with, place) })
      return query.limit === undefined ? inner : { ...inner, isTransparent: false }
    }
    case 'SetOperation': {
      const ctes = withCtes(query.with, place)
      const operands = query.operands.map((operand) =>
        analyzeQuery(operand, {
          ...place,
          ctes,
          role: 'dependent',
          origin: query.op,
          level: new Level(place.level),
        }),
      )
      return opaque(
        operands.flatMap((operand) => operand.members),
        operands[0].columns,
      )
    }
    case 'TableQuery':
      return analyzeTables([{ kind: 'Table', name: query.name, span: query.span }], place)
    case 'ValuesQuery':
      return opaque(
        analyzeExpr(
          query.rows,
          { sources: [], merged: new Set(), ...(place.outer && { outer: place.outer }) },
          place,
        ),
        undefined,
      )
  }
}

function opaque(members: readonly Member[], columns: readonly string[] | undefined): QueryInfo {
  return { members, columns, columnNamed: () => ({ kind: 'Computed' }), isTransparent: false }
}

export function withCtes(clause: With | undefined, place: Place): Ctes {
  if (clause === undefined) return place.ctes
  const ctes = new Map(place.ctes)
  for (const cte of clause.tables) {
    place.analysis.countCte()
    const within = new Map(ctes)
    if (clause.recursive) within.set(cte.name, { cte, ctes: within, recursive: true })
    ctes.set(cte.name, { cte, ctes: within, recursive: false })
  }
  return ctes
}

export function analyzeSelect(select: Select, place: Place): SelectInfo {
  const ctes = withCtes(select.with, place)
  const inner: Place = { ...place, ctes }
  const from = analyzeTables(select.from, inner)
  const scope: Scope = {
    sources: from.sources,
    merged: from.merged,
    ...(place.outer && { outer: place.outer }),
  }
  if (select.where !== undefined) addFacts(select.where, scope, place.level)
  if (place.outer !== undefined && hasOuterAggregate(select, scope)) place.analysis.hasOuterAggregate = true
  const conditions = [select.where, select.having].flatMap((condition) =>
    condition === undefined ? [] : analyzeCondition(condition, scope, inner),
  )
  const rest = [select.items, select.groupBy, select.orderBy, select.windows, select.qualify].flatMap(
    (part) => analyzeExpr(part, scope, inner),
  )
  return {
    select,
    scope,
    ctes,
    tables: from.members,
    members: [...from.members, ...conditions, ...rest],
    columns: outputColumns(select, scope),
    columnNamed: (name) => outputColumn(select, scope, name),
    isTransparent: isTransparent(select, scope, from.members, place.level),
  }
}

/** `(SELECT SUM(outer.x))`: an aggregate belongs to the query whose columns it takes. */
function hasOuterAggregate(select: Select, scope: Scope): boolean {
  return someInBlock([select.items, select.having, select.orderBy], (node) => {
    if (!isAggregateCall(node)) return false
    const columns: ColumnName[] = []
    visit(node.args, (inner) => {
      if (inner.kind === 'Column') columns.push(inner)
      return undefined
    })
    return columns.length > 0 && columns.every((column) => isAbsent(column, scope))
  })
}

function isAbsent(column: ColumnName, scope: Scope): boolean {
  if (column.qualifiers.length > 0) return findSource(column.qualifiers, scope) === undefined
  return hasColumn(column.name, scope) === 'no'
}

// --------------------------------------------------------------------------------------------- subqueries

/** Members of the subqueries of a condition of which only matters whether it is true. */
export function analyzeCondition(condition: Expr, scope: Scope, place: Place): readonly Member[] {
  if (condition.kind === 'And' || condition.kind === 'Or') {
    return condition.operands.flatMap((operand) => analyzeCondition(operand, scope, place))
  }
  if (isInSubquery(condition)) return analyzeIn(condition, scope, place, 'truth')
  return analyzeExpr(condition, scope, place)
}

/** Members of all subqueries in an expression, or in several. */
export function analyzeExpr(expr: Part, scope: Scope, place: Place): readonly Member[] {
  const members: Member[] = []
  visit(expr, (node) => {
    if (isInSubquery(node)) {
      members.push(...analyzeIn(node, scope, place, 'value'))
      return 'skip'
    }
    if (node.kind !== 'Subquery') return undefined
    members.push(...analyzeSubquery(node, scope, place, new Level(place.level)).members)
    return 'skip'
  })
  return members
}

function analyzeSubquery(subquery: Subquery, scope: Scope, place: Place, level: Level): QueryInfo {
  return analyzeQuery(subquery.query, {
    ...place,
    level,
    outer: scope,
    role: 'dependent',
    origin: 'subquery',
    nullExtended: false,
  })
}

function isInSubquery(expr: AnyNode): expr is In | Quantified {
  if (expr.kind === 'In') return expr.right.kind === 'Subquery'
  return expr.kind === 'Quantified' && expr.op === '=' && expr.quantifier !== 'ALL'
}

/**
 * `x IN (SELECT y …)`: only rows with y = x decide whether it is true. Whether it is false or NULL hangs on all rows of
 * the subquery, unless neither side can be NULL.
 */
function analyzeIn(
  node: In | Quantified,
  scope: Scope,
  place: Place,
  use: 'truth' | 'value',
): readonly Member[] {
  const subquery = (node.kind === 'In' ? node.right : node.query) as Subquery
  const level = new Level(place.level)
  const left = node.left.kind === 'Row' ? node.left.items : [node.left]
  const info = analyzeSubquery(subquery, scope, place, level)
  const pairs = equalPairs(left, info, scope, subquery)
  const isTruth = use === 'truth' && !(node.kind === 'In' && node.negated)
  const isNeverNull = left.length === 1 && pairs.length === 1 && pairs[0].every(cannotBeNull)
  if (info.isTransparent && (isTruth || isNeverNull)) for (const [a, b] of pairs) addEqualRefs(a, b, level)
  return [...left.flatMap((expr) => analyzeExpr(expr, scope, place)), ...info.members]
}

function equalPairs(
  left: readonly Expr[],
  info: QueryInfo,
  scope: Scope,
  subquery: Subquery,
): readonly [ColumnRef, ColumnRef][] {
  const { query } = subquery
  if (query.kind !== 'Select' || query.items.length !== left.length) return []
  const inner = (info as SelectInfo).scope
  return left.flatMap((expr, i) => {
    const item = query.items[i]
    const a = refOf(expr, scope)
    const b = item.kind === 'SelectExpr' ? refOf(item.expr, inner) : undefined
    return a === undefined || b === undefined ? [] : [[a, b] as [ColumnRef, ColumnRef]]
  })
}

/** A row cannot be stored with NULL in the column: its vindex has no place for it. */
function cannotBeNull({ instance, name }: ColumnRef): boolean {
  if (instance.nullExtended) return false
  const { columns, columnVindexes } = instance.table
  if (
    columns.some((column) => sameColumn(column.name, name) && column.type !== undefined && !column.nullable)
  )
    return true
  const primary = columnVindexes[0]
  if (primary === undefined || primary.columns.length !== 1 || !sameColumn(primary.columns[0], name))
    return false
  return (
    primary.vindex.kind === 'single' &&
    integerVindexes.has(primary.type) &&
    primary.vindex.map(nullValue).kind === 'None'
  )
}

const integerVindexes: ReadonlySet<string> = new Set(['hash'])

// ------------------------------------------------------------------------------------------ what comes out

/** Groups, DISTINCT and windows leave rows as they are where each group lies on one shard. */
function isTransparent(select: Select, scope: Scope, tables: readonly Member[], level: Level): boolean {
  if (select.limit !== undefined || select.into !== undefined || select.qualify !== undefined) return false
  if (select.procedure !== undefined || select.modifiers.includes('SQL_CALC_FOUND_ROWS')) return false
  if (hasWindow(select.items) || hasWindow(select.orderBy)) return false
  const rows = tables.filter((member) => member.role === 'row' || member.level === level)
  if (isAggregated(select)) {
    if (select.groupBy === undefined || select.groupBy.rollup !== undefined) return false
    const keys = select.groupBy.items.map((item) => item.expr)
    if (!holdsVindex(keys, scope, rows, level)) return false
  }
  if (!isDistinct(select)) return true
  const items = select.items.flatMap((item) => (item.kind === 'SelectExpr' ? [item.expr] : []))
  return holdsVindex(items, scope, rows, level)
}

/** Whether rows that agree on the expressions lie on one shard, by the vindex of one of the tables. */
export function holdsVindex(
  exprs: readonly Expr[],
  scope: Scope,
  rows: readonly Member[],
  level: Level,
): boolean {
  const facts = level.facts({ byColumnsOnly: true })
  const keys = exprs.flatMap((expr) => refOf(expr, scope) ?? []).map(columnKey)
  return rows.some(({ instance }) => {
    const primary = instance.table.columnVindexes[0]
    if (primary === undefined || instance.nullExtended) return false
    return primary.columns.every((name) => {
      const column = columnKey({ instance, name: name.toLowerCase() })
      return keys.some((key) => facts.areEqual(key, column))
    })
  })
}

function outputColumns(select: Select, scope: Scope): readonly string[] | undefined {
  const names: string[] = []
  for (const item of select.items) {
    const known = item.kind === 'Star' ? starColumns(item.qualifiers, scope) : [itemName(item) ?? '']
    if (known === undefined) return undefined
    names.push(...known)
  }
  return names
}

/** The columns of `*` or `t.*`; undefined when they are not known. */
export function starColumns(qualifiers: readonly string[], scope: Scope): readonly string[] | undefined {
  if (qualifiers.length > 0) return findSource(qualifiers, scope)?.columns
  if (scope.merged.size > 0) return undefined
  const all = scope.sources.map((source) => source.columns)
  return all.every((columns) => columns !== undefined) ? all.flat() : undefined
}

function outputColumn(select: Select, scope: Scope, name: string): ColumnAnswer {
  for (const item of select.items) {
    if (item.kind !== 'SelectExpr' || !sameColumn(itemName(item) ?? '', name)) continue
    const ref = item.expr.kind === 'Column' ? resolveColumn(item.expr, scope) : undefined
    return ref === undefined ? { kind: 'Computed' } : { kind: 'Column', ref }
  }
  const stars = select.items.filter((item) => item.kind === 'Star')
  if (stars.length === 0) return { kind: 'Absent' }
  const sources = stars.flatMap((star) =>
    star.qualifiers.length === 0 ? scope.sources : [findSource(star.qualifiers, scope) ?? []].flat(),
  )
  const answers = sources
    .map((source) => source.columnNamed(name))
    .filter((answer) => answer.kind !== 'Absent')
  if (answers.length === 0) return { kind: 'Absent' }
  return answers.length === 1 ? answers[0] : { kind: 'Maybe' }
}
