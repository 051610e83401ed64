import { SqlError } from '../../errors/sql-error.ts'
import type { Derived, Join, JsonTable, Query, TableExpr, TableRef } from '../../sql/ast.ts'
import { sameColumn } from '../../vschema/model.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import { isOfMariaDb } from '../plan-context.ts'
import { bindQuery } from './bind-query.ts'
import { bindConjuncts, bindExprs } from './bind-subqueries.ts'
import type { BoundFrom, BoundQuery, BoundTable, BoundUnplaced } from './bound.ts'
import { addEqualRefs, addFacts } from './facts-of.ts'
import { findTable, hasShardsOfItsOwn, keyspaceOf } from './find-table.ts'
import { Level } from './level.ts'
import { type Place, within } from './place.ts'
import type { Scope } from './scope.ts'
import { type ColumnAnswer, opaqueSource, type Source, tableSource } from './source.ts'
import { unplanned } from './unplanned.ts'
import { type View, viewOf } from './views.ts'
import { vindexesUnused } from './vindex-hints.ts'

/** FROM, or a part of it, and what other clauses see of it. */
export interface FromPart {
  readonly bound: BoundFrom
  readonly sources: readonly Source[]
  /** Columns that USING or NATURAL made one, in lower case. */
  readonly merged: ReadonlySet<string>
  /** Tables with shards of their own whose rows stand in FROM one by one; inner sides of outer joins included. */
  readonly rows: readonly BoundTable[]
}

/** The tables of a FROM clause: comma-separated, or none. */
export function bindTables(tables: readonly TableExpr[], place: Place): FromPart {
  let before: readonly Source[] = []
  const parts = tables.map((table) => {
    const part = bindTable(table, place, before)
    before = [...before, ...part.sources]
    checkTableCount(before, place)
    return part
  })
  if (parts.length === 0) return leaf(unplaced('nothing', place))
  if (parts.length === 1) return parts[0]
  return {
    bound: { kind: 'Inner', parts: parts.map(({ bound }) => bound), on: [] },
    sources: before,
    merged: new Set(parts.flatMap((part) => [...part.merged])),
    rows: parts.flatMap((part) => part.rows),
  }
}

/** MySQL's own bound, for one FROM: finding the shards takes more than linear time in the number of tables. */
const JOINED_TABLES_MAX = 61

function checkTableCount(tables: readonly Source[], { context }: Place): void {
  if (tables.length <= JOINED_TABLES_MAX) return
  const server = isOfMariaDb(context) ? 'MariaDB' : 'MySQL'
  throw new SqlError(
    'ER_TOO_MANY_TABLES',
    `Too many tables; ${server} can only use ${JOINED_TABLES_MAX} tables in a join`,
  )
}

function bindTable(table: TableExpr, place: Place, before: readonly Source[]): FromPart {
  switch (table.kind) {
    case 'Table':
      return bindNamed(table, place)
    case 'Dual':
      return leaf(unplaced('nothing', place))
    case 'Derived':
      return bindDerived(table, place, before)
    case 'JsonTable':
      return bindJsonTable(table, place, before)
    case 'Join':
      return bindJoin(table, place, before)
    case 'TableParens':
      return bindTables(table.tables, place)
    case 'OdbcJoin':
      return bindTable(table.table, place, before)
  }
}

function leaf(bound: BoundTable | BoundUnplaced): FromPart {
  const isPlaced = bound.kind === 'Table' && hasShardsOfItsOwn(bound.instance.table)
  return {
    bound,
    sources: bound.source === undefined ? [] : [bound.source],
    merged: new Set(),
    rows: isPlaced ? [bound] : [],
  }
}

function unplaced(what: BoundUnplaced['what'], place: Place, alias?: string): BoundUnplaced {
  const source = alias === undefined ? {} : { source: opaqueSource(alias) }
  return { kind: 'Unplaced', what, level: place.level, subqueries: [], ...source }
}

function bindNamed(node: TableRef, place: Place): FromPart {
  const { name } = node
  const alias = node.alias?.name ?? name.name
  const cte = name.qualifier === undefined ? place.ctes.get(name.name) : undefined
  if (cte?.recursive === true) return leaf(unplaced('recursion', place, alias))
  if (cte !== undefined) {
    place.counters.countCte()
    const { query, columns } = cte.cte
    const there: Place = { ...place, ctes: cte.ctes, outer: undefined, origin: 'WITH' }
    return bindInner(query.query, { alias, names: columns, isCte: true, lateral: false }, there)
  }
  if (isSystemSchema(keyspaceOf(name, place.context))) return leaf(unplaced('system table', place, alias))
  const table = findTable(name, place.context)
  const view = viewOf(table, place.context)
  if (view !== undefined && place.writesViews !== true) return bindView(view, alias, place)
  const unusedVindexes = vindexesUnused(node, table)
  const instance = {
    ...place.counters.createInstance(table, place.nullExtended),
    ...(unusedVindexes && { unusedVindexes }),
  }
  const source = tableSource(instance, alias, keyspaceOf(name, place.context) ?? table.keyspace)
  return leaf({ kind: 'Table', ast: node, instance, source, level: place.level, origin: place.origin })
}

/** As the query in FROM that it stands for: it sees nothing of the statement around it. */
function bindView({ query, columns, table }: View, alias: string, place: Place): FromPart {
  const there: Place = { ...place, ctes: new Map(), outer: undefined, origin: `view '${table.name}'` }
  const shown = { alias, names: columns, isCte: false, lateral: false, qualifier: table.keyspace }
  return bindInner(query(), shown, there)
}

/** What a part of FROM that may look to its left can name. */
function scopeBeside(before: readonly Source[], place: Place): Scope {
  return { sources: before, merged: new Set(), ...(place.outer && { outer: place.outer }) }
}

function bindJsonTable(node: JsonTable, place: Place, before: readonly Source[]): FromPart {
  const subqueries = bindExprs([node.doc], scopeBeside(before, place), place)
  return leaf({ ...unplaced('JSON_TABLE', place, node.alias?.name ?? ''), subqueries })
}

// ------------------------------------------------------------------------------------------ queries in FROM

function bindDerived(node: Derived, place: Place, before: readonly Source[]): FromPart {
  const outer = node.lateral ? scopeBeside(before, place) : place.outer
  const shown = { alias: node.alias?.name ?? '', names: node.columns, isCte: false, lateral: node.lateral }
  return bindInner(node.query.query, shown, { ...place, outer, origin: 'derived table' })
}

interface Shown {
  readonly alias: string
  /** Names that the columns get. */
  readonly names: readonly string[] | undefined
  readonly isCte: boolean
  readonly lateral: boolean
  /** Of a view: the keyspace that it is in. */
  readonly qualifier?: string
}

/**
 * A query in FROM. When all rows of its tables come through, it is as if they stood in FROM themselves; otherwise it
 * must see all of its rows at one place.
 */
function bindInner(ast: Query, { alias, names, qualifier, ...how }: Shown, place: Place): FromPart {
  const level = new Level(place.level)
  const query = bindQuery(ast, within(place, { level, writesViews: false }))
  const source = { ...derivedSource(query, alias, names), ...(qualifier !== undefined && { qualifier }) }
  if (query.isTransparent) place.level.absorb(level)
  return {
    bound: { kind: 'Derived', source, query, ...how },
    sources: [source],
    merged: new Set(),
    rows: query.isTransparent ? query.rows : [],
  }
}

function derivedSource(query: BoundQuery, alias: string, names: readonly string[] | undefined): Source {
  const columns = names ?? query.columns
  const columnNamed = (name: string): ColumnAnswer => {
    const answer = names === undefined ? query.columnNamed(name) : renamedColumn(query, names, name)
    if (query.isTransparent || answer.kind === 'Absent') return answer
    return answer.kind === 'Maybe' ? { kind: 'Maybe' } : { kind: 'Computed' }
  }
  return { name: alias, columns, columnNamed }
}

/** Column lists go by position; where the query has a name twice, which of the two it is, is not told. */
function renamedColumn(query: BoundQuery, names: readonly string[], name: string): ColumnAnswer {
  const at = names.findIndex((own) => sameColumn(own, name))
  if (at < 0) return { kind: 'Absent' }
  const inner = query.columns?.length === names.length ? query.columns[at]! : ''
  const isOnly = query.columns?.filter((each) => sameColumn(each, inner)).length === 1
  const answer = inner !== '' && isOnly ? query.columnNamed(inner) : undefined
  return answer?.kind === 'Column' ? answer : { kind: 'Computed' }
}

// ------------------------------------------------------------------------------------------------ joins

function bindJoin(join: Join, place: Place, before: readonly Source[]): FromPart {
  const isOuter = join.type === 'LEFT' || join.type === 'RIGHT'
  const joined: Place = { ...place, origin: 'JOIN' }
  const inner: Place = isOuter
    ? { ...place, level: new Level(place.level), origin: `${join.type} JOIN`, nullExtended: true }
    : joined
  const left = bindTable(join.left, join.type === 'RIGHT' ? inner : joined, before)
  const right = bindTable(join.right, join.type === 'LEFT' ? inner : joined, [...before, ...left.sources])
  const [first, second] = join.type === 'RIGHT' ? [right, left] : [left, right]
  const sources = [...first.sources, ...second.sources]
  checkTableCount(sources, place)
  const common = commonColumns(join, left, right)
  for (const name of common) equate(name, left, right, inner.level)
  const scope: Scope = { sources, merged: new Set(common), ...(place.outer && { outer: place.outer }) }
  if (join.on !== undefined) addFacts(join.on, scope, inner.level)
  const on = bindConjuncts(join.on, scope, { ...place, level: inner.level })
  return {
    bound: isOuter
      ? { kind: 'Outer', level: inner.level, preserved: first.bound, inner: second.bound, on }
      : { kind: 'Inner', parts: [left.bound, right.bound], on },
    sources,
    merged: new Set([...left.merged, ...right.merged, ...common]),
    rows: [...left.rows, ...right.rows],
  }
}

/** Columns of USING, or of NATURAL where both sides are known, in lower case. */
function commonColumns(join: Join, left: FromPart, right: FromPart): readonly string[] {
  if (join.using !== undefined) return join.using.map((name) => name.toLowerCase())
  if (!join.natural) return []
  const ofLeft = columnsOf(left)
  const ofRight = columnsOf(right)
  if (ofLeft === undefined || ofRight === undefined)
    return unplanned('NATURAL JOIN of tables whose columns are not known')
  const known = new Set(ofRight)
  return ofLeft.filter((name) => known.has(name))
}

function columnsOf({ sources }: FromPart): readonly string[] | undefined {
  const all = sources.map(({ columns }) => columns)
  if (!all.every((columns) => columns !== undefined)) return undefined
  return all.flat().map((name) => name.toLowerCase())
}

function equate(name: string, left: FromPart, right: FromPart, level: Level): void {
  const a = declaredIn(left, name)
  const b = declaredIn(right, name)
  if (a?.kind === 'Column' && b?.kind === 'Column') addEqualRefs(a.ref, b.ref, level)
}

function declaredIn(part: FromPart, name: string): ColumnAnswer | undefined {
  const answers = part.sources
    .map((source) => source.columnNamed(name))
    .filter((answer) => answer.kind === 'Column')
  return answers.length === 1 || part.merged.has(name) ? answers[0] : undefined
}
