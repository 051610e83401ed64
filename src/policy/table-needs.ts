import type { TableRight } from '../mysql/server/auth/table-rules.ts'
import type { TableNeed } from '../plan/needs.ts'
import type { Statement, TableName } from '../sql/ast.ts'
import { tablesOf } from '../sql/tables-of.ts'
import { type Part, someNode } from '../sql/visit.ts'
import type { PassedOn } from './judge-tokens.ts'
import { commandOf, commands } from './judge-tree.ts'

export interface TableNeedsContext {
  readonly defaultSchema: string
  /** As routing rules have it; undefined where there is none of the name. */
  tableOf(table: TableName): { readonly keyspace: string; readonly name: string } | undefined
}

/** What a statement does to the tables that it names, and that these stand for; for users who may not do all to each. */
export function tableNeeds(statement: Statement, context: TableNeedsContext): readonly TableNeed[] {
  const whatFor = uses(statement)
  return tablesOf(statement).flatMap((table) => {
    const named = { keyspace: table.qualifier ?? context.defaultSchema, table: table.name }
    const found = context.tableOf(table)
    const places = found === undefined ? [named] : [named, { keyspace: found.keyspace, table: found.name }]
    return whatFor(table).flatMap((use) => places.map((place) => ({ ...use, ...place })))
  })
}

/**
 * Of a text that is passed on: everything is needed for each table that a name in it may be. What stands where a column would is taken
 * for a table as well.
 */
export function guessedTables(text: PassedOn, defaultSchema: string): readonly TableNeed[] {
  const found: TableNeed[] = []
  const note = (keyspace: string, table: string) => {
    for (const right of ['read', 'write', 'ddl'] as const)
      found.push({ right, command: 'SELECT, INSERT, ALTER', keyspace, table })
  }
  for (let at = 0; at < text.length; at++) {
    const name = text.name(at)
    if (name === undefined) continue
    note(defaultSchema, name)
    const before = text.word(at - 1) === '.' ? text.name(at - 2) : undefined
    if (before !== undefined) note(before, name)
  }
  return found
}

interface Use {
  readonly right: TableRight
  /** As 1142 names it. */
  readonly command: string
}

const READ: Use = { right: 'read', command: 'SELECT' }

function uses(statement: Statement): (table: TableName) => readonly Use[] {
  switch (statement.kind) {
    case 'Insert':
    case 'Update':
    case 'Delete': {
      const commandFor = commands(statement)
      const reads = readsOwn(statement)
      return (table) => {
        const command = commandFor(table)
        if (command === READ.command) return [READ]
        const write: Use = { right: 'write', command }
        return reads ? [write, READ] : [write]
      }
    }
    case 'LockTables': {
      const written = new Set(
        statement.tables.flatMap(({ table, lock }) => (lock.includes('WRITE') ? table : [])),
      )
      return (table) =>
        written.has(table) ? [READ, { right: 'write', command: 'SELECT, LOCK TABLES' }] : [READ]
    }
    case 'TableAdmin':
      return () => [READ, { right: 'write', command: 'SELECT, INSERT' }]
    case 'Load':
      return () => [{ right: 'write', command: 'INSERT' }]
    case 'Ddl': {
      const defined = new Set(statement.names)
      const isOwn = statement.temporary
      return (table) =>
        !defined.has(table) ? [READ] : isOwn ? [] : [{ right: 'ddl', command: commandOf(statement) }]
    }
    case 'Explain':
    case 'VExplain':
      return uses(statement.statement)
    default:
      return () => [READ]
  }
}

/** Rows of the table that is written decide what is written, or are told. */
function readsOwn(statement: Extract<Statement, { kind: 'Insert' | 'Update' | 'Delete' }>): boolean {
  return partsThatRead(statement).some((part) => someNode(part, ({ kind }) => kind === 'Column'))
}

function partsThatRead(
  statement: Extract<Statement, { kind: 'Insert' | 'Update' | 'Delete' }>,
): readonly Part[] {
  switch (statement.kind) {
    case 'Insert':
      return [statement.onDuplicate ?? [], statement.returning ?? []]
    case 'Update': {
      const { tables, set, where, orderBy = [], returning = [] } = statement
      return [tables, set.map(({ value }) => value), where, orderBy, returning]
    }
    case 'Delete':
      return [statement]
  }
}
