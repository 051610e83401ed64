import type { Derived, Join, Query, TableExpr, TableRef } from '../../sql/ast.ts'
import { unplanned } from '../unplanned.ts'
import { checkTableCount, hasShardsOfItsOwn, keyspacesWith, type Member } from './analysis.ts'
import { analyzeCondition, analyzeExpr, analyzeQuery, type Place, type QueryInfo } from './analyze-query.ts'
import { Level } from './equalities.ts'
import { addEqualRefs, addFacts } from './facts-of.ts'
import type { Scope } from './scope.ts'
import { type ColumnAnswer, opaqueSource, type Source, tableSource } from './source.ts'

/** FROM, or a part of it. */
export interface FromInfo extends QueryInfo {
  readonly sources: readonly Source[]
  readonly merged: ReadonlySet<string>
}

export function analyzeTables(tables: readonly TableExpr[], place: Place): FromInfo {
  let before: readonly Source[] = []
  const parts = tables.map((table) => {
    const part = analyzeTable(table, place, before)
    before = [...before, ...part.sources]
    checkTableCount(before)
    return part
  })
  return combine(parts)
}

interface Part {
  readonly sources: readonly Source[]
  readonly merged: ReadonlySet<string>
  readonly members: readonly Member[]
}

function combine(parts: readonly Part[]): FromInfo {
  const sources = parts.flatMap((part) => part.sources)
  return {
    sources,
    merged: new Set(parts.flatMap((part) => [...part.merged])),
    members: parts.flatMap((part) => part.members),
    columns: undefined,
    columnNamed: (name): ColumnAnswer =>
      sources.length === 1 ? sources[0].columnNamed(name) : { kind: 'Maybe' },
    isTransparent: true,
  }
}

function analyzeTable(table: TableExpr, place: Place, before: readonly Source[]): Part {
  switch (table.kind) {
    case 'Table':
      return analyzeNamed(table, place)
    case 'Dual':
      return { sources: [], merged: new Set(), members: [] }
    case 'Derived':
      return analyzeDerived(table, place, before)
    case 'JsonTable': {
      const scope: Scope = { sources: before, merged: new Set(), ...(place.outer && { outer: place.outer }) }
      const members = analyzeExpr([table.doc], scope, place)
      return { sources: [opaqueSource(table.alias?.name ?? '')], merged: new Set(), members }
    }
    case 'Join':
      return analyzeJoin(table, place, before)
    case 'TableParens':
      return analyzeTables(table.tables, place)
    case 'OdbcJoin':
      return analyzeTable(table.table, place, before)
  }
}

function analyzeNamed(node: TableRef, place: Place): Part {
  const { name } = node
  const alias = node.alias?.name ?? name.name
  const cte = name.qualifier === undefined ? place.ctes.get(name.name) : undefined
  if (cte?.recursive === true) return { sources: [opaqueSource(alias)], merged: new Set(), members: [] }
  if (cte !== undefined) {
    place.analysis.countCte()
    const within: Place = { ...place, ctes: cte.ctes, outer: undefined, origin: 'WITH' }
    return analyzeInner(cte.cte.query.query, alias, cte.cte.columns, within)
  }
  const { analysis } = place
  const table = analysis.findTable(name)
  if (table === undefined) return { sources: [opaqueSource(alias)], merged: new Set(), members: [] }
  const instance = analysis.createInstance(table, place.nullExtended)
  const qualifier = node.alias === undefined ? (name.qualifier ?? table.keyspace) : undefined
  const sources = [tableSource(instance, alias, qualifier)]
  if (hasShardsOfItsOwn(table)) {
    const member: Member = { instance, level: place.level, role: place.role, origin: place.origin }
    return { sources, merged: new Set(), members: [member] }
  }
  analysis.everywhere.push({ table, keyspaces: keyspacesWith(table) })
  return { sources, merged: new Set(), members: [] }
}

function analyzeDerived(node: Derived, place: Place, before: readonly Source[]): Part {
  const outer: Scope | undefined = node.lateral
    ? { sources: before, merged: new Set(), ...(place.outer && { outer: place.outer }) }
    : place.outer
  return analyzeInner(node.query.query, node.alias?.name ?? '', node.columns, {
    ...place,
    outer,
    origin: 'derived table',
  })
}

/**
 * A query in FROM. When all rows of its tables come through, it is as if they stood in FROM themselves; otherwise it
 * must see all of its rows at one place.
 */
function analyzeInner(query: Query, alias: string, names: readonly string[] | undefined, place: Place): Part {
  const level = new Level(place.level)
  const info = analyzeQuery(query, { ...place, level })
  const source = derivedSource(info, alias, names)
  if (!info.isTransparent) {
    const members = info.members.map((member): Member => ({ ...member, role: 'dependent' }))
    return { sources: [source], merged: new Set(), members }
  }
  place.level.absorb(level)
  const members = info.members.map((member) =>
    member.level === level ? { ...member, level: place.level } : member,
  )
  return { sources: [source], merged: new Set(), members }
}

function derivedSource(info: QueryInfo, alias: string, names: readonly string[] | undefined): Source {
  const columns = names ?? info.columns
  const columnNamed = (name: string): ColumnAnswer => {
    if (names !== undefined) return { kind: 'Computed' }
    const answer = info.columnNamed(name)
    if (info.isTransparent) return answer
    return answer.kind === 'Absent'
      ? answer
      : answer.kind === 'Maybe'
        ? { kind: 'Maybe' }
        : { kind: 'Computed' }
  }
  return { name: alias, columns, columnNamed }
}

function analyzeJoin(join: Join, place: Place, before: readonly Source[]): Part {
  const outerLevel: Place = {
    ...place,
    level: new Level(place.level),
    role: 'dependent',
    origin: `${join.type} JOIN`,
    nullExtended: true,
  }
  const leftPlace = join.type === 'RIGHT' ? outerLevel : { ...place, origin: 'JOIN' }
  const rightPlace = join.type === 'LEFT' ? outerLevel : { ...place, origin: 'JOIN' }
  const left = analyzeTable(join.left, leftPlace, before)
  const right = analyzeTable(join.right, rightPlace, [...before, ...left.sources])
  const { level } = join.type === 'LEFT' || join.type === 'RIGHT' ? outerLevel : place
  const sources =
    join.type === 'RIGHT' ? [...right.sources, ...left.sources] : [...left.sources, ...right.sources]
  checkTableCount(sources)
  const common = commonColumns(join, left, right)
  for (const name of common) equate(name, left, right, level)
  const scope: Scope = { sources, merged: new Set(common), ...(place.outer && { outer: place.outer }) }
  const members = [...left.members, ...right.members]
  if (join.on !== undefined) {
    addFacts(join.on, scope, level)
    members.push(...analyzeCondition(join.on, scope, { ...place, level }))
  }
  return { sources, merged: new Set([...left.merged, ...right.merged, ...common]), members }
}

/** Columns of USING, or of NATURAL where both sides are known, in lower case. */
function commonColumns(join: Join, left: Part, right: Part): readonly string[] {
  if (join.using !== undefined) return join.using.map((name) => name.toLowerCase())
  if (!join.natural) return []
  const names = (part: Part) => part.sources.map((source) => source.columns)
  const all = [...names(left), ...names(right)]
  if (!all.every((columns) => columns !== undefined))
    return unplanned('NATURAL JOIN of tables whose columns are not known')
  const known = new Set(
    names(right)
      .flatMap((columns) => columns ?? [])
      .map((name) => name.toLowerCase()),
  )
  return names(left)
    .flatMap((columns) => columns ?? [])
    .map((name) => name.toLowerCase())
    .filter((name) => known.has(name))
}

function equate(name: string, left: Part, right: Part, level: Level): void {
  const a = declaredIn(left, name)
  const b = declaredIn(right, name)
  if (a?.kind === 'Column' && b?.kind === 'Column') addEqualRefs(a.ref, b.ref, level)
}

function declaredIn(part: Part, name: string): ColumnAnswer | undefined {
  const answers = part.sources
    .map((source) => source.columnNamed(name))
    .filter((answer) => answer.kind === 'Column')
  return answers.length === 1 || part.merged.has(name) ? answers[0] : undefined
}
