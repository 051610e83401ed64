import type { Plan } from '../plan/plan.ts'
import type { Statement, TableName } from '../sql/ast.ts'
import { type AnyNode, visit } from '../sql/visit.ts'
import type { StoredPrograms } from '../values/stored-programs.ts'
import type { PlanContext } from './plan-context.ts'

/**
 * The plan of a statement that may run stored programs: a CALL, a write of tables with triggers, one that calls stored functions.
 * Programs see the session's user variables, and the session what they assign. A function that may change rows makes a write of
 * any statement.
 */
export function runningPrograms(statement: Statement, plan: Plan, context: PlanContext): Plan {
  const run = programsRunBy(statement, plan, context)
  const variables = run.flatMap(({ programs }) => programs.variables)
  const writes = run.some((each) => each.writes)
  if (variables.length === 0) return writes ? { ...plan, locks: true } : plan
  return {
    ...plan,
    userVariables: [...new Set([...plan.userVariables, ...variables])],
    assigns: true,
    ...(writes && { locks: true }),
    ...(statement.kind !== 'Ddl' && { onOneShard: 'stored programs that name user variables' }),
  }
}

interface Run {
  readonly programs: StoredPrograms
  /** Beyond what the statement itself does. */
  readonly writes: boolean
}

function programsRunBy(statement: Statement, { runsProgram }: Plan, context: PlanContext): readonly Run[] {
  const { vschema, defaultKeyspace } = context
  if (![...vschema.keyspaces.values()].some(({ programs }) => programs !== undefined)) return []
  const programsOf = (keyspace: string | undefined) =>
    keyspace === undefined ? undefined : vschema.keyspaces.get(keyspace)?.programs
  const isWrite = WRITES.has(statement.kind)
  const found: Run[] = []
  const note = (programs: StoredPrograms | undefined, writes: boolean) => {
    if (programs !== undefined) found.push({ programs, writes })
  }
  // Blocks of statements are text to the planner.
  const ofKeyspace = statement.kind === 'Call' ? statement.name.qualifier : undefined
  if (runsProgram === true) note(programsOf(ofKeyspace ?? defaultKeyspace), true)
  visit(statement, (node: AnyNode) => {
    if (node.kind === 'Function') {
      const programs = programsOf(node.qualifier ?? defaultKeyspace)
      if (programs?.functions.has(node.name)) note(programs, programs.writing.has(node.name))
    } else if (isWrite && node.kind === 'TableName') note(triggersOf(node, context), true)
    return undefined
  })
  return found
}

const WRITES: ReadonlySet<Statement['kind']> = new Set(['Insert', 'Update', 'Delete', 'Load'])

/** The programs of the keyspace that the table is in, where it has triggers, or is a view of what may have some. */
function triggersOf({ qualifier, name }: TableName, context: PlanContext): StoredPrograms | undefined {
  const { vschema, defaultKeyspace, tabletType } = context
  const found = vschema.findTable(qualifier ?? defaultKeyspace, name, tabletType)
  if (found.kind !== 'found') return undefined
  const { table } = found
  const programs = vschema.keyspaces.get(table.keyspace)?.programs
  if (programs === undefined || programs.triggered.size === 0) return undefined
  return programs.triggered.has(table.name) || table.live?.view !== undefined ? programs : undefined
}
