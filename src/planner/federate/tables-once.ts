import type { Alias, Cte, Query, Select, Span, Star, Subquery, TableRef } from '../../sql/ast.ts'
import { type AnyNode, type Part, rewrite, someNode } from '../../sql/visit.ts'
import { isChanging } from '../binding/traits.ts'
import { unplanned } from '../binding/unplanned.ts'

/** A query in which each table of WITH is named once at most, so that no table stands in two places of it. */
export interface TablesOnce {
  readonly query: Query
  /** Its tables other than those of WITH, each a node of `query`. */
  readonly tables: readonly TableRef[]
  /** Those of them that only tables of WITH name that nothing names: their columns are looked at, and none of their rows. */
  readonly unused: ReadonlySet<TableRef>
}

/**
 * MySQL opens a temporary table once in a statement, and a table of WITH has its tables opened wherever it is named. So it
 * stays where it is named first, and is a query in FROM wherever else; what nothing names stays as it is, for MySQL does no
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

  /** Of a table of WITH that would hide another one. */
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
    const around = new Map(inner)
    if (clause!.recursive) around.set(said, { cte, said, ctes: around, recursive: true, used: true })
    const known = { cte, said, ctes: around, recursive: false, used: false }
    inner.set(said, known)
    own.push(known)
  }
  const body = expanded(rest as Query, inner, found)
  const queries = new Map<KnownCte, Subquery>()
  // From the last to the first, for each may name those before it.
  const inOrder = own.toReversed()
  for (const known of inOrder) if (known.used) queries.set(known, ofOwn(known, found))
  const { isUnused } = found
  found.isUnused = true
  for (const known of inOrder) {
    if (!queries.has(known)) queries.set(known, found.looksAtUnused ? ofOwn(known, found) : known.cte.query)
  }
  found.isUnused = isUnused
  const tables = own.map((known) => ({ ...known.cte, query: queries.get(known)! }))
  return { ...body, with: { ...clause!, tables } }
}

function ofOwn({ cte, ctes }: KnownCte, found: Found): Subquery {
  return expanded(cte.query, ctes, found)
}

function reference(node: TableRef, known: KnownCte, here: Ctes, found: Found): AnyNode {
  if (known.recursive) return renamed(node, known)
  if (namesOthers(known, here))
    unplanned(`WITH ${known.said}, which names a table of WITH that is hidden where it is named itself`)
  if (!known.used) {
    known.used = true
    return renamed(node, known)
  }
  const { cte, said, ctes } = known
  const { span } = node
  if (isChanging(cte.query) && !found.isUnused)
    unplanned(`WITH ${cte.name}, which is named twice and gives other values each time`)
  found.countCopiedQuery()
  // Other nodes, for each is another table now.
  const query = expanded(structuredClone(cte.query), ctes, found)
  const alias = node.alias ?? aliasOf(said, span)
  if (ctes.get(said)?.cte !== cte)
    return {
      kind: 'Derived',
      lateral: false,
      query,
      alias,
      ...(cte.columns && { columns: cte.columns }),
      span,
    }
  return { kind: 'Derived', lateral: false, query: ofRecursive({ ...cte, query }), alias, span }
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

function renamed(node: TableRef, { cte, said }: KnownCte): TableRef {
  if (cte.name === said) return node
  const { span } = node
  return { ...node, name: { ...node.name, name: cte.name }, alias: node.alias ?? aliasOf(said, span) }
}

function aliasOf(name: string, span: Span): Alias {
  return { kind: 'Alias', name, as: true, span }
}

/** `(WITH RECURSIVE c AS (…) SELECT * FROM c)`. */
function ofRecursive(cte: Cte): Subquery {
  const { span } = cte
  const query: Select = {
    kind: 'Select',
    with: { kind: 'With', recursive: true, tables: [cte], span },
    modifiers: [],
    items: [{ kind: 'Star', qualifiers: [], span }],
    from: [{ kind: 'Table', name: { kind: 'TableName', name: cte.name, span }, span }],
    span,
  }
  return { kind: 'Subquery', query, span }
}
