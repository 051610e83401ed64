import type { Federate, TableCopy } from '../../plan/primitives.ts'
import type { Lock, Query, TableRef } from '../../sql/ast.ts'
import type { Printable } from '../../sql/print.ts'
import { tablesIn } from '../../sql/tables-in.ts'
import { someNode, visit } from '../../sql/visit.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import { bindQuery } from '../binding/bind-query.ts'
import type { BoundQuery } from '../binding/bound.ts'
import { findTable, keyspaceOf } from '../binding/find-table.ts'
import { rootPlace } from '../binding/place.ts'
import { Unplanned, unplanned } from '../binding/unplanned.ts'
import { viewOf } from '../binding/views.ts'
import { isOfMariaDb, type PlanContext } from '../plan-context.ts'
import { ShardText } from '../shard-text.ts'
import { copiedTable, namedColumns } from './copied-columns.ts'
import { copiesOf } from './copies.ts'
import { type PlanRows, withGroups } from './grouped-blocks.ts'
import { groupsCopy, pullOfGroups, type TemplateText, withTables } from './groups-copy.ts'
import type { Link } from './links.ts'
import { Matches } from './matches.ts'
import { withoutSemijoins } from './no-semijoin.ts'
import { tablesOfValues } from './only-values.ts'
import { type CopiedRef, overCopies } from './over-copies.ts'
import { type OwnConditions, ownConditions } from './own-conditions.ts'
import { pullOf, type Wanted } from './pull.ts'
import { Settled } from './settled.ts'
import { copyName, tableCopy } from './table-copy.ts'
import { type TablesOnce, withTablesOnce } from './tables-once.ts'
import { shownViews, viewsAsQueries } from './views-as-queries.ts'

export interface FederationOptions {
  readonly planRows?: PlanRows | undefined
  /** The statement that runs over the copies, made of its query: by default this alone. */
  readonly statementOf?: (query: Query) => Printable
  /** Whether a table is where the copies are to stand: it is not copied. */
  readonly stays?: (node: TableRef) => boolean
}

/**
 * The plan of any query: its tables are copied into temporary ones on one server, as far as they can matter, and the
 * client's own statement runs over the copies: its answer is MySQL's. With `planRows` shards make groups of rows where they can,
 * and these are copied instead. Throws Unplanned for what cannot be copied, SqlError for tables that are not there.
 */
export function planFederation(
  ast: Query,
  context: PlanContext,
  { planRows, statementOf = (query) => query, stays = () => false }: FederationOptions = {},
): Federate {
  if (someNode(ast, ({ kind }) => kind === 'IntoOutfile' || kind === 'IntoDumpfile'))
    unplanned('INTO OUTFILE over several shards')
  const once = withTablesOnce(viewsAsQueries(ast, context), isOfMariaDb(context))
  const { query, unused } = once
  const tables = once.tables.filter((node) => !stays(node))
  const views = shownViews(ast, context)
  const used = tables.filter((node) => !unused.has(node))
  const bound = hasTwins(used, context) ? undefined : boundOf(query, context)
  const matches = new Matches(query, bound)
  const {
    query: grouped,
    groups,
    recounted,
    isSorted,
  } = bound === undefined || planRows === undefined
    ? { query, groups: [], recounted: [], isSorted: false }
    : withGroups(query, tables, bound, { context, planRows })
  const { conditions, links } = conditionsOf(
    groups.length === 0 ? bound : boundOf(grouped, withTables(groups, context)),
  )
  const copied = copiedTables(query, { tables, unused, matches }, context)
  const names = new Map(copied.map(({ node }, i) => [node, copyName(i + 1)]))
  const refs = new Map(
    copied.map(({ node, table }): [TableRef, CopiedRef] => [
      node,
      { copy: names.get(node)!, keyspace: keyspaceOf(node.name, context) ?? table.keyspace, table },
    ]),
  )
  const locks = locksOf(query)
  const left = tablesOf(grouped, unused)
  const settled = new Settled(grouped, conditions)
  const pulls = copied.flatMap((each) => {
    const { node } = each
    if (!left.has(node)) return []
    const wanted = { ...each, ...settled.columnsOf(each), lock: locks.get(node) }
    return [pullOf({ ...wanted, conditions: conditions.get(node) ?? [] }, context)]
  })
  const ofGroups = groups.map(pullOfGroups)
  const isOfCopies = ({ table, other }: Link) => !stays(table) && !stays(other)
  const filled = copiesOf({ pulls, groups: ofGroups, links: links.filter(isOfCopies) }, names, context)
  const empty = copied.flatMap((each) =>
    left.has(each.node)
      ? []
      : [tableCopy(names.get(each.node)!, { ...each, empty: [] }, { kind: 'None' }, new Map())],
  )
  const copies = [...filled.copies, ...empty]
  const over = (part: Query) => overCopies(matches.overCopies(part), refs)
  const asked = over(query)
  const text = textOverCopies(context)
  const askedText = text(asked.query)
  return {
    kind: 'Federate',
    keyspace: homeOf(copies, context),
    copies,
    groups: groups.map((each, i) =>
      groupsCopy(each, text(over(each.query).query), ofGroups[i]!, filled.keptOfGroups[i]!),
    ),
    query: text(statementOf(withoutSemijoins(over(settled.query).query))),
    asked: askedText,
    recounted,
    ...(isSorted && { isSorted }),
    told: asked.told,
    ...(views.length > 0 && { views }),
  }
}

/** Names of copies are no tables of the VSchema, and what is left of keyspaces' names is nothing there is. */
function textOverCopies(context: PlanContext): (query: Printable) => TemplateText {
  const { databaseName: routineDatabase } = context
  const over = { ...context, shard: '', databaseName: (keyspace: string) => keyspace, routineDatabase }
  return (query) => new ShardText(over).ofTree(query)
}

type Copied = Omit<Wanted, 'conditions' | 'lock' | 'empty'>

function copiedTables(
  query: Query,
  { tables, unused, matches }: Pick<TablesOnce, 'tables' | 'unused'> & { readonly matches: Matches },
  context: PlanContext,
): readonly Copied[] {
  const named = namedColumns(query)
  const ofValues = tablesOfValues(query)
  return tables.flatMap((node): readonly Copied[] => {
    if (isSystemSchema(keyspaceOf(node.name, context))) {
      if (!unused.has(node)) checkSystemTable(context)
      return []
    }
    const table = findTable(node.name, context)
    if (viewOf(table, context) !== undefined)
      unplanned(`view '${table.name}' beside a table of WITH of its name`)
    const computed = matches.of(node)
    const { columns, ...own } = copiedTable(table, node, named, ofValues.has(node))
    return [{ node, table, computed, ...own, columns: [...columns, ...computed.map(({ column }) => column)] }]
  })
}

/** Whose rows matter. */
function tablesOf(query: Query, unused: ReadonlySet<TableRef>): ReadonlySet<TableRef> {
  const found = new Set<TableRef>()
  visit(query, (node) => {
    if (node.kind === 'Table' && !unused.has(node)) found.add(node)
    return undefined
  })
  return found
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

/** Undefined where it has no bound form. */
function boundOf(query: Query, context: PlanContext): BoundQuery | undefined {
  try {
    return bindQuery(query, rootPlace(context))
  } catch (error) {
    if (error instanceof Unplanned) return undefined
    throw error
  }
}

/** None where names cannot be told apart: all rows are copied, and MySQL says what is wrong. */
function conditionsOf(bound: BoundQuery | undefined): OwnConditions {
  return bound === undefined ? NO_CONDITIONS : ownConditions(bound)
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
