import type { Alias, Cte, Query, Select, Star, Subquery, TableRef } from '../../sql/ast.ts'
import { type AnyNode, type Part, rewrite } from '../../sql/visit.ts'
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
  readonly cte: Cte
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
      if (known !== undefined) return reference(node, known, found)
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
  for (const cte of clause!.tables) {
    if (ctes.has(cte.name)) unplanned(`WITH ${cte.name} inside of another one of that name`)
    const around = new Map(inner)
    if (clause!.recursive) around.set(cte.name, { cte, ctes: around, recursive: true, used: true })
    const known = { cte, ctes: around, recursive: false, used: false }
    inner.set(cte.name, known)
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

function reference(node: TableRef, known: KnownCte, found: Found): AnyNode {
  if (known.recursive) return node
  if (!known.used) {
    known.used = true
    return node
  }
  const { cte, ctes } = known
  const { span } = node
  if (isChanging(cte.query) && !found.isUnused)
    unplanned(`WITH ${cte.name}, which is named twice and gives other values each time`)
  found.countCopiedQuery()
  // Other nodes, for each is another table now.
  const query = expanded(structuredClone(cte.query), ctes, found)
  const alias: Alias = node.alias ?? { kind: 'Alias', name: cte.name, as: true, span }
  if (!ctes.has(cte.name))
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
