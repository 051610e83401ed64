import type { Denial } from '../plan/needs.ts'
import type { Delete, Insert, Statement, TableName, Update } from '../sql/ast.ts'
import { tablesOf } from '../sql/tables-of.ts'
import { type AnyNode, type Part, visit } from '../sql/visit.ts'
import { isSessionTable } from '../vschema/catalogue-tables.ts'
import { isSystemSchema } from '../vschema/system-schemas.ts'
import { fold } from './fold.ts'
import { denialOfFunction } from './functions.ts'
import { denialOfCall, denialOfRead, denialOfWrite } from './system-tables.ts'

/** What an ordinary user lacks for the tables, functions and files in a tree that is understood whole. */
export function judgeTree(
  statement: Statement,
  defaultSchema: string,
  reads?: ReadOptions,
): Denial | undefined {
  return judgeNodes(statement) ?? judgeTables(statement, defaultSchema, reads)
}

export interface ReadOptions {
  /** The process list that it reads is the proxy's, of which everyone has their own rows (src/session/catalogue). */
  readonly ownSessions: boolean
}

/** Functions and files, wherever they stand. */
export function judgeNodes(part: Part): Denial | undefined {
  let found: Denial | undefined
  visit(part, (node) => {
    found = denialOfNode(node)
    return found === undefined ? undefined : 'stop'
  })
  return found
}

function denialOfNode(node: AnyNode): Denial | undefined {
  switch (node.kind) {
    case 'Function':
      return node.qualifier === undefined
        ? denialOfFunction(node.name)
        : denialOfCall(node.qualifier, node.written)
    case 'IntoOutfile':
    case 'IntoDumpfile':
      return { kind: 'Privilege', privileges: 'FILE' }
    default:
      return undefined
  }
}

/** The tables of a statement, or of a part of one. */
export function judgeTables(
  part: AnyNode | undefined,
  defaultSchema: string,
  { ownSessions }: ReadOptions = { ownSessions: false },
): Denial | undefined {
  if (part === undefined) return undefined
  const commandOf = commands(part)
  for (const table of tablesIn(part, defaultSchema)) {
    const schema = table.qualifier ?? defaultSchema
    const command = commandOf(table)
    if (ownSessions && command === 'SELECT' && isProcessList(schema, table.name)) continue
    const denied =
      command === 'SELECT' ? denialOfRead(schema, table.name) : denialOfWrite(schema, table.name, command)
    if (denied !== undefined) return denied
  }
  return undefined
}

/** Those that MySQL shows to everyone: THREADS takes a privilege. */
function isProcessList(schema: string, table: string): boolean {
  return isSessionTable(schema, table) && table.toLowerCase() === 'processlist'
}

/** In a system schema a name that WITH defines counts as well: servers tell `Threads` from `threads`, or do not. */
function tablesIn(part: AnyNode, defaultSchema: string): readonly TableName[] {
  if (!isSystemSchema(fold(defaultSchema))) return tablesOf(part)
  const found: TableName[] = []
  visit(part, (node) => {
    if (node.kind === 'TableName') found.push(node)
    return undefined
  })
  return found
}

/** What a statement does to each of its tables. Every table that a write joins counts as written. */
export function commands(statement: AnyNode): (table: TableName) => string {
  const write = writeOf(statement)
  if (write === undefined) return () => 'SELECT'
  const { command, written } = write
  const tables = new Set(tablesOf(written))
  return (table) => (tables.has(table) ? command : 'SELECT')
}

/** The command of a statement's error 1142, and the parts with the tables that it changes. */
function writeOf(statement: AnyNode): { readonly command: string; readonly written: AnyNode } | undefined {
  switch (statement.kind) {
    case 'Insert':
      return { command: insertCommand(statement), written: statement.table }
    case 'Update':
      return { command: 'UPDATE', written: joined(statement, statement.tables) }
    case 'Delete':
      return { command: 'DELETE', written: joined(statement, statement.from) }
    default:
      return undefined
  }
}

function insertCommand({ verb, onDuplicate }: Insert): string {
  if (verb === 'REPLACE') return 'INSERT, DELETE'
  return onDuplicate === undefined ? 'INSERT' : 'INSERT, UPDATE'
}

/** The joined tables alone, without the subqueries elsewhere in the statement. */
function joined(statement: Update | Delete, from: Update['tables'] | Delete['from']): AnyNode {
  return { kind: 'Delete', form: 'single', modifiers: [], targets: [], from, span: statement.span }
}

/** The command of 1142 for the whole statement. */
export function commandOf(statement: Statement): string {
  const write = writeOf(statement)
  if (write !== undefined) return write.command
  if (statement.kind !== 'Ddl') return 'SELECT'
  const { verb, object } = statement
  if (object === 'index') return 'INDEX'
  if (object === 'view' && verb === 'create') return 'CREATE VIEW'
  return verb === 'rename' ? 'DROP, ALTER' : verb === 'truncate' ? 'DROP' : verb.toUpperCase()
}
