import type { Plan } from '../../plan/plan.ts'
import type { Routing } from '../../plan/routing.ts'
import type { Delete, Insert, Query, Statement, TableRef, Update } from '../../sql/ast.ts'
import { tablesIn } from '../../sql/tables-in.ts'
import type { Table } from '../../vschema/model.ts'
import { liveColumn } from '../binding/live-column.ts'
import { Unplanned } from '../binding/unplanned.ts'
import { planFederation } from '../federate/plan-federation.ts'
import type { PlanContext } from '../plan-context.ts'
import { connectionState } from '../plans.ts'
import { queryOf, statementOver, withoutKeyspaces } from '../written-over.ts'
import { placeOf, temporaryTable } from './plan-temporary.ts'

/**
 * UPDATE and DELETE of temporary tables that look at tables elsewhere: these are copied to where the temporary ones are, for
 * MySQL to run the statement there. Undefined for all other statements, and where something cannot be copied.
 */
export function planTemporaryWrite(statement: Update | Delete, context: PlanContext): Plan | undefined {
  const tables = statement.kind === 'Update' ? statement.tables : statement.from
  const refs = tables.flatMap(tablesIn)
  const written = writtenTables(statement, refs, context)
  const known = written.map((ref) => ref && temporaryTable(ref.name, context))
  const routing = known.every((table) => table !== undefined) ? placeOf(known) : undefined
  if (routing === undefined) return undefined
  const own = withoutKeyspaces(statement, isTemporaryIn(statement, context))
  return overCopies(
    own,
    { query: queryOf(own), statementOf: (over) => statementOver(own, over), routing },
    context,
  )
}

/** INSERT … SELECT into a temporary table, of values that could not be written down as they are. */
export function planTemporaryInsert(
  statement: Insert,
  source: Query,
  table: Table,
  context: PlanContext,
): Plan | undefined {
  const routing = placeOf([table])
  if (routing === undefined) return undefined
  const own = withoutKeyspaces(statement, isTemporaryIn(statement, context))
  const query = own.source === statement.source ? source : (own.source as Query)
  return overCopies(own, { query, statementOf: (over) => ({ ...own, source: over }), routing }, context)
}

interface OverCopies {
  readonly query: Query
  readonly statementOf: (over: Query) => Statement
  readonly routing: Routing
}

function overCopies(
  statement: Statement,
  { query, statementOf, routing }: OverCopies,
  context: PlanContext,
): Plan | undefined {
  try {
    const copies = planFederation(query, context, {
      stays: ({ name }) => temporaryTable(name, context) !== undefined,
      statementOf,
    })
    const { keyspace } = routing
    return {
      root: { kind: 'WriteOverCopies', keyspace, routing, copies },
      locks: true,
      ...connectionState(statement),
    }
  } catch (error) {
    if (error instanceof Unplanned) return undefined
    throw error
  }
}

/** The tables whose rows change; undefined for what no table is known for. */
function writtenTables(
  statement: Update | Delete,
  refs: readonly TableRef[],
  context: PlanContext,
): readonly (TableRef | undefined)[] {
  const named = (name: string) => refs.find((ref) => (ref.alias?.name ?? ref.name.name) === name)
  if (statement.kind === 'Delete')
    return statement.form === 'single'
      ? refs.slice(0, 1)
      : statement.targets.map(({ name }) => named(name.name))
  return statement.set.map(({ column: { qualifiers, name } }) => {
    const table = qualifiers.at(-1)
    if (table !== undefined) return named(table)
    return refs.length === 1 ? refs[0] : ownerOf(refs, name, context)
  })
}

function ownerOf(refs: readonly TableRef[], column: string, context: PlanContext): TableRef | undefined {
  const owners = refs.filter(({ name }) => {
    const found = context.vschema.findTable(
      name.qualifier ?? context.defaultKeyspace,
      name.name,
      context.tabletType,
    )
    return found.kind === 'found' && liveColumn(found.table, column) !== undefined
  })
  return owners.length === 1 ? owners[0] : undefined
}

/** Their server calls its database otherwise. */
function isTemporaryIn(
  { span }: Statement,
  context: PlanContext,
): (qualifier: string | undefined, name: string) => boolean {
  return (qualifier, name) =>
    temporaryTable(
      { kind: 'TableName', ...(qualifier !== undefined && { qualifier }), name, span },
      context,
    ) !== undefined
}
