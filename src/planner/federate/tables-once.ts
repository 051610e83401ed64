import type { Cte, Query, Select, Star, Subquery, TableRef } from '../../sql/ast.ts'
import { type AnyNode, type Part, rewrite, someNode } from '../../sql/visit.ts'
import { isChanging } from '../binding/traits.ts'
import { unplanned } from '../binding/unplanned.ts'
import { named } from '../cte-renaming.ts'

/** A query in which each table of WITH is named once at most, so that no table stands in two places of it. */
export interface TablesOnce {
  readonly query: Query
  /** Its tables other than those of WITH, each a node of `query`. */
  readonly tables: readonly TableRef[]
  /** Those of them that only tables of WITH name that nothing names: their columns are looked at, and none of their rows. */
  readonly unused: ReadonlySet<TableRef>
}

/**
 * MySQL opens a temporary table once in a statement, and a table of WITH has its tables opened wherever it is named. So for
 * each place but the first that names it there is another one beside it; what nothing names stays as it is, for MySQL does no
 * more than parse it; MariaDB, `looksAtUnused`, looks at the names in it. Throws Unplanned where that could be told apart.
 * Source: MySQL 9.7 manual, "TEMPORARY Table Problems".
 */
export function withTablesOnce(query: Query, looksAtUnused: boolean): TablesOnce {
  const found = new Found(looksAtUnused)
  return { query: expanded(query, new Map(), found), tables: found.tables, unused: found.unused }
}

/** Temporary tables of one statement. The work of making them is no more than some hundred statements. */
const TABLES_MAX = 300
/** Where each table of WITH names the one before it twice, and so on, the work doubles with each. */
const COPIED_QUERIES_MAX = 300

class Found {
  readonly tables: TableRef[] = []
  readonly unused = new Set<TableRef>()
  readonly looksAtUnused: boolean
  /** Within a query that is never run. */
  isUnused = false
  #copiedQueries = 0
  #otherNames = 0

  /** Of a table of WITH that would hide another one, or stands beside one. */
  otherName(): string {
    return `_shardgate_with_${++this.#otherNames}`
  }

  constructor(looksAtUnused: boolean) {
    this.looksAtUnused = looksAtUnused
  }

  add(node: TableRef): void {
    this.tables.push(node)
    if (this.isUnused) this.unused.add(node)
    if (this.tables.length > TABLES_MAX) unplanned(`more than ${TABLES_MAX} tables over several shards`)
  }

  countCopiedQuery(): void {
    this.#copiedQueries++
    if (this.#copiedQueries > COPIED_QUERIES_MAX)
      unplanned(`WITH whose tables are named more than ${COPIED_QUERIES_MAX} times over several shards`)
  }
}

type Ctes = ReadonlyMap<string, KnownCte>

interface KnownCte {
  /** Under a name that no other one around it has. */
  readonly cte: Cte
  /** As the statement calls it. */
  readonly said: string
  /** What its own query can name. */
  readonly ctes: Ctes
  readonly recursive: boolean
  /** It has been named. */
  used: boolean
  /** Those that stand beside it, for other places that name it. */
  readonly twins: Twin[]
}

interface Twin {
  readonly cte: Cte
  readonly ctes: Ctes
  readonly isUnused: boolean
}

function expanded<T extends Part>(part: T, ctes: Ctes, found: Found): T {
  return rewrite(part, (node) => replacement(node, ctes, found))
}

function replacement(node: AnyNode, ctes: Ctes, found: Found): AnyNode | undefined {
  switch (node.kind) {
    case 'Select':
    case 'SetOperation':
    case 'NestedQuery':
    case 'ValuesQuery':
      return node.with === undefined ? undefined : withCtes(node, ctes, found)
    case 'TableQuery': {
      const { kind: _, name, ...clauses } = node
      const { span } = node
      const items: readonly Star[] = [{ kind: 'Star', qualifiers: [], span }]
      const from: readonly TableRef[] = [{ kind: 'Table', name, span }]
      return expanded<Select>({ ...clauses, kind: 'Select', modifiers: [], items, from }, ctes, found)
    }
    case 'Table': {
      const known = node.name.qualifier === undefined ? ctes.get(node.name.name) : undefined
      if (known !== undefined) return reference(node, known, ctes, found)
      found.add(node)
      return node
    }
    default:
      return undefined
  }
}

function withCtes(query: Exclude<Query, { kind: 'TableQuery' }>, ctes: Ctes, found: Found): Query {
  const { with: clause, ...rest } = query
  const inner = new Map(ctes)
  const own: KnownCte[] = []
  for (const each of clause!.tables) {
    const said = each.name
    // What stands in its place elsewhere may name those of that name around it.
    const cte = ctes.has(said) ? { ...each, name: found.otherName() } : each
    const around = clause!.recursive ? withItself(inner, said, cte) : new Map(inner)
    const known = { cte, said, ctes: around, recursive: false, used: false, twins: [] }
    inner.set(said, known)
    own.push(known)
  }
  const body = expanded(rest as Query, inner, found)
  const queries = new Map<Cte, Subquery>()
  const { isUnused } = found
  const expand = ({ cte, ctes: around }: Pick<KnownCte, 'cte' | 'ctes'>, as: boolean) => {
    found.isUnused = as
    queries.set(cte, expanded(cte.query, around, found))
  }
  // From the last to the first, for each may name those before it, which then have twins.
  const inOrder = own.toReversed()
  for (const known of inOrder) {
    if (!known.used) continue
    for (const twin of known.twins) expand(twin, twin.isUnused)
    expand(known, isUnused)
  }
  for (const known of inOrder) {
    if (queries.has(known.cte)) continue
    if (found.looksAtUnused) expand(known, true)
    else queries.set(known.cte, known.cte.query)
  }
  for (const { twins } of inOrder) {
    for (const twin of twins) if (!queries.has(twin.cte)) expand(twin, twin.isUnused)
  }
  found.isUnused = isUnused
  const tables = own
    .flatMap(({ cte, twins }) => [cte, ...twins.map((twin) => twin.cte)])
    .map((cte) => ({ ...cte, query: queries.get(cte)! }))
  return { ...body, with: { ...clause!, tables } }
}

/** What a table of WITH RECURSIVE can name: those around it, and itself. */
function withItself(around: Ctes, said: string, cte: Cte): Ctes {
  const ctes = new Map(around)
  ctes.set(said, { cte, said, ctes, recursive: true, used: true, twins: [] })
  return ctes
}

function reference(node: TableRef, known: KnownCte, here: Ctes, found: Found): AnyNode {
  if (known.recursive) return renamed(node, known.cte)
  if (namesOthers(known, here))
    unplanned(`WITH ${known.said}, which names a table of WITH that is hidden where it is named itself`)
  if (!known.used || !hasTables(known)) {
    known.used = true
    return renamed(node, known.cte)
  }
  const { cte, said, ctes } = known
  const { isUnused } = found
  if (!isUnused && someNode(cte.query, isChanging))
    unplanned(`WITH ${cte.name}, which is named twice and gives other values each time`)
  found.countCopiedQuery()
  // Other nodes, for each is another table now.
  const twin: Cte = { ...cte, name: found.otherName(), query: structuredClone(cte.query) }
  const isRecursive = ctes.get(said)?.cte === cte
  known.twins.push({ cte: twin, ctes: isRecursive ? withItself(ctes, said, twin) : ctes, isUnused })
  return renamed(node, twin)
}

/** Other than those of WITH, also by these. */
function hasTables({ cte, ctes }: KnownCte, seen = new Set<Cte>()): boolean {
  if (seen.has(cte)) return false
  seen.add(cte)
  return someNode(cte.query, (node) => {
    if (node.kind === 'TableQuery') return true
    if (node.kind !== 'Table') return false
    const known = node.name.qualifier === undefined ? ctes.get(node.name.name) : undefined
    return known === undefined || hasTables(known, seen)
  })
}

/** MySQL looks names of its query up where it is named, MariaDB where it stands. */
function namesOthers(known: KnownCte, here: Ctes, seen = new Set<KnownCte>()): boolean {
  if (seen.has(known)) return false
  seen.add(known)
  const { cte, ctes } = known
  return someNode(cte.query, (node) => {
    if (node.kind !== 'Table' || node.name.qualifier !== undefined) return false
    const [there, own] = [ctes.get(node.name.name), here.get(node.name.name)]
    if (there?.recursive) return false
    const isHidden = own !== undefined && own.cte.name !== own.said && there !== own
    return isHidden || (there !== undefined && namesOthers(there, here, seen))
  })
}

function renamed(node: TableRef, { name }: Cte): TableRef {
  return named(node, name) ?? node
}
