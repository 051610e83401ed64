import type { Denial } from '../plan/needs.ts'
import type { Statement } from '../sql/ast.ts'
import { tablesOf } from '../sql/tables-of.ts'
import { type AnyNode, visit } from '../sql/visit.ts'
import { isSystemSchema } from '../vschema/system-schemas.ts'
import { commandOf } from './judge-tree.ts'
import type { PolicyContext } from './needs-of.ts'

/**
 * Why an ordinary user may not use a database of the servers that is no keyspace, or make one. The planner knows no such
 * names, so that this is for what it leaves as it is: functions and foreign keys, and every text for one shard. In the body of a stored
 * program a database cannot be told from an alias: there it is for the privileges of the proxy's account.
 */
export function denialOfForeign(statement: Statement, context: PolicyContext): Denial | undefined {
  const isForeign = (schema: string | undefined): schema is string =>
    schema !== undefined && !isSystemSchema(schema) && !context.isKeyspace(schema)
  const named = context.isShard || statement.kind === 'Other' ? tablesOf(statement) : referencesOf(statement)
  for (const { qualifier, name } of named)
    if (isForeign(qualifier))
      return { kind: 'Table', command: commandOf(statement), schema: qualifier, table: name }
  let found = context.isShard ? denialOfDatabase(statement, context.defaultSchema) : undefined
  visit(statement, (node) => {
    if (node.kind === 'Function' && isForeign(node.qualifier))
      found ??= { kind: 'Routine', command: 'execute', routine: `${node.qualifier}.${node.written}` }
    const sequence = sequenceSchema(node)
    if (isForeign(sequence)) found ??= { kind: 'Database', database: sequence }
    if (!context.isShard) return undefined
    const database = databaseOf(node)
    if (isForeign(database)) found ??= { kind: 'Database', database }
    return undefined
  })
  return found
}

function referencesOf(statement: Statement) {
  return statement.kind === 'Ddl' ? statement.references : []
}

/** A shard's database is as much the topology's as its name. */
function denialOfDatabase(statement: Statement, defaultSchema: string): Denial | undefined {
  if (statement.kind !== 'Ddl' || statement.object !== 'database') return undefined
  return { kind: 'Database', database: statement.objectName?.name ?? defaultSchema }
}

function databaseOf(node: AnyNode): string | undefined {
  switch (node.kind) {
    case 'Ddl':
      return node.objectName?.qualifier
    case 'Call':
      return node.name.qualifier
    case 'Show':
      return node.database
    default:
      return undefined
  }
}

/** Of MariaDB's sequences, whose names read like columns. */
export function sequenceSchema(node: AnyNode): string | undefined {
  if (node.kind !== 'Function' || !SEQUENCE_FUNCTIONS.has(node.name)) return undefined
  const [named] = node.args
  return named?.kind === 'Column' ? named.qualifiers[0] : undefined
}

const SEQUENCE_FUNCTIONS: ReadonlySet<string> = new Set([
  'nextval',
  'lastval',
  'setval',
  'next value for',
  'previous value for',
])
