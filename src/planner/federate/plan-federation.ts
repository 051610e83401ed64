import type { Federate, TableCopy } from '../../plan/primitives.ts'
import type { Lock, Query, TableRef } from '../../sql/ast.ts'
import { tablesIn } from '../../sql/tables-in.ts'
import { someNode, visit } from '../../sql/visit.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import { bindQuery } from '../binding/bind-query.ts'
import { findTable, keyspaceOf } from '../binding/find-table.ts'
import { rootPlace } from '../binding/place.ts'
import { Unplanned, unplanned } from '../binding/unplanned.ts'
import { viewOf } from '../binding/views.ts'
import type { PlanContext } from '../plan-context.ts'
import { ShardText } from '../shard-text.ts'
import { copiedTable, namedColumns } from './copied-columns.ts'
import { copiesOf } from './copies.ts'
import { type CopiedRef, overCopies } from './over-copies.ts'
import { type OwnConditions, ownConditions } from './own-conditions.ts'
import { type Pull, pullOf } from './pull.ts'
import { copyName } from './table-copy.ts'
import { withTablesOnce } from './tables-once.ts'
import { shownViews, viewsAsQueries } from './views-as-queries.ts'

/**
 * The plan of any query: its tables are copied into temporary ones on one server, as far as they can matter, and the
 * client's own statement runs over the copies: its answer is MySQL's. Throws Unplanned for what cannot be copied, SqlError
 * for tables that are not there.
 */
export function planFederation(ast: Query, context: PlanContext): Federate {
  if (someNode(ast, ({ kind }) => kind === 'IntoOutfile' || kind === 'IntoDumpfile'))
    unplanned('INTO OUTFILE over several shards')
  // A temporary table has no full-text index.
  if (someNode(ast, ({ kind }) => kind === 'Match'))
    unplanned('MATCH … AGAINST in what several shards cannot do together')
  const { query, tables } = withTablesOnce(viewsAsQueries(ast, context))
  const views = shownViews(ast, context)
  const { conditions, links } = hasTwins(tables, context) ? NO_CONDITIONS : conditionsOf(query, context)
  const locks = locksOf(query)
  const named = namedColumns(query)
  const pulls = tables.flatMap((node): readonly Pull[] => {
    if (isSystemSchema(keyspaceOf(node.name, context))) {
      checkSystemTable(context)
      return []
    }
    const table = findTable(node.name, context)
    if (viewOf(table, context) !== undefined)
      unplanned(`view '${table.name}' beside a table of WITH of its name`)
    const wanted = { node, table, conditions: conditions.get(node) ?? [], lock: locks.get(node) }
    return [pullOf({ ...wanted, ...copiedTable(table, node, named) }, context)]
  })
  const names = new Map(pulls.map(({ node }, i) => [node, copyName(i + 1)]))
  const copies = copiesOf(pulls, links, names, context)
  const refs = new Map(
    pulls.map(({ node, table }): [TableRef, CopiedRef] => [
      node,
      { copy: names.get(node)!, keyspace: keyspaceOf(node.name, context) ?? table.keyspace, table },
    ]),
  )
  const over = overCopies(query, refs)
  // Names of copies are no tables of the VSchema, and what is left of keyspaces' names is nothing there is.
  const text = new ShardText({ ...context, shard: '', databaseName: (keyspace) => keyspace })
  return {
    kind: 'Federate',
    keyspace: homeOf(copies, context),
    copies,
    query: text.ofTree(over.query),
    told: over.told,
    ...(views.length > 0 && { views }),
  }
}

/** A server that knows the session's stored functions, and names tables by its database, where it has one of the tables. */
function homeOf(copies: readonly TableCopy[], { defaultKeyspace }: PlanContext): string {
  const keyspaces = copies.map(({ shown }) => shown.keyspace)
  const own = keyspaces.find((keyspace) => keyspace === defaultKeyspace)
  return own ?? keyspaces[0] ?? defaultKeyspace ?? ''
}

const NO_CONDITIONS: OwnConditions = { conditions: new Map(), links: [] }

/** Tables of several keyspaces have one name, perhaps in one FROM: which of them a column without a keyspace is of, MySQL says. */
function hasTwins(tables: readonly TableRef[], context: PlanContext): boolean {
  const keyspaces = new Map<string, string | undefined>()
  return tables.some(({ alias, name }) => {
    const shown = alias?.name ?? name.name
    const keyspace = keyspaceOf(name, context)
    if (keyspaces.has(shown)) return keyspaces.get(shown) !== keyspace
    keyspaces.set(shown, keyspace)
    return false
  })
}

/** None where names cannot be told apart: all rows are copied, and MySQL says what is wrong. */
function conditionsOf(query: Query, context: PlanContext): OwnConditions {
  try {
    return ownConditions(bindQuery(query, rootPlace(context)))
  } catch (error) {
    if (error instanceof Unplanned) return NO_CONDITIONS
    throw error
  }
}

/** A system table stays where it is, and would tell of the databases of shards. */
function checkSystemTable({ vschema, databaseName }: PlanContext): void {
  const isRenamed = [...vschema.keyspaces.keys()].some((name) => databaseName(name) !== name)
  if (isRenamed) unplanned('system tables together with others')
}

/** The lock that each table's rows are read with. */
function locksOf(query: Query): ReadonlyMap<TableRef, Lock> {
  const found = new Map<TableRef, Lock>()
  visit(query, (node) => {
    if (node.kind !== 'Select') return undefined
    for (const lock of node.locks ?? []) {
      for (const table of node.from.flatMap(tablesIn)) {
        const name = table.alias?.name ?? table.name.name
        if (lock.of === undefined || lock.of.some((each) => each.name === name)) found.set(table, lock)
      }
    }
    return undefined
  })
  return found
}
