import { SqlError } from '../errors/sql-error.ts'
import type { Denial, Needs, Reach, TableNeed } from '../plan/needs.ts'
import type { Ddl, Explain, Query, Show, Statement, TableName } from '../sql/ast.ts'
import { tokenize } from '../sql/lexer.ts'
import { type ParseOptions, parseStatement } from '../sql/parse.ts'
import { tablesOf } from '../sql/tables-of.ts'
import { visit } from '../sql/visit.ts'
import { isSystemSchema } from '../vschema/system-schemas.ts'
import { denialOfDefiner } from './definer.ts'
import { fold } from './fold.ts'
import { denialOfForeign, sequenceSchema } from './foreign-databases.ts'
import { judgeTokens, PassedOn } from './judge-tokens.ts'
import { commandOf, judgeNodes, judgeTables, judgeTree } from './judge-tree.ts'
import {
  denialOfFlush,
  denialOfGrant,
  denialOfObject,
  denialOfServerVerb,
  denialOfShown,
} from './privileged-verbs.ts'
import { denialOfVariable } from './session-variables.ts'
import { denialOfCall, denialOfRead, denialOfWrite, isClosedSchema } from './system-tables.ts'
import { guessedTables, type TableNeedsContext, tableNeeds } from './table-needs.ts'
import { words } from './words.ts'

/** What the needs of a statement depend on, beside it. */
export interface PolicyContext extends TableNeedsContext {
  /** The text to which the statement's spans point. */
  readonly sql: string
  readonly options: ParseOptions
  /** '' for none. */
  readonly defaultSchema: string
  /** The session's target is a shard, which gets texts as they are. */
  readonly isShard: boolean
  isKeyspace(name: string): boolean
  /** The keyspace in which a table is found; undefined where there is none of the name. */
  keyspaceOf(table: TableName): string | undefined
}

/**
 * What a statement needs of its user. Pure; for statements that are passed on by their words it may depend on literals, too:
 * `byText` says so, and plans with it are not for other texts. Measured on MySQL 9.7, with an account that has ALL on its own databases and nothing else.
 */
export function needsOf(statement: Statement, context: PolicyContext): Needs & { readonly byText: boolean } {
  const byText = isPassedOn(statement)
  const denied = judge(statement, context) ?? denialOfForeign(statement, context)
  return {
    ...(denied === undefined ? {} : { denied }),
    command: commandOf(statement),
    reaches: reachesOf(statement, context, byText),
    tables: [...tableNeeds(statement, context), ...(hidesTables(statement, context) ? guessed(context) : [])],
    byText,
  }
}

/**
 * What a text needs in which a versioned comment is left out that another server might execute: the server that gets it may be
 * another than the one whose version sessions read by.
 */
export function needsOfComments(context: PolicyContext): readonly Needs[] {
  return [NEWEST_MYSQL, NEWEST_MARIADB].map((serverVersion) => {
    const read = { ...context, options: { ...context.options, serverVersion } }
    const denied = isSystemSchema(fold(context.defaultSchema)) ? UNKNOWN : judgeWords(read)
    return {
      ...(denied === undefined ? {} : { denied }),
      command: 'SELECT',
      reaches: qualifiersOf(passedOn(read), read.options),
      tables: guessed(read),
    }
  })
}

/** What cannot be known before it runs, with the account of the proxy, takes an administrator. */
const UNKNOWN: Denial = { kind: 'Privilege', privileges: 'SUPER' }

const NEWEST_MYSQL = 99_999
const NEWEST_MARIADB = 999_999

/** Statements of which only the beginning is understood. */
function isPassedOn(statement: Statement): boolean {
  switch (statement.kind) {
    case 'Ddl':
    case 'Other':
    case 'Load':
    case 'TableAdmin':
      return true
    case 'Show':
      return statement.what === 'OTHER'
    case 'Explain':
    case 'VExplain':
      return isPassedOn(statement.statement)
    default:
      return false
  }
}

/** It may do something to tables other than those that it is known to name. */
function hidesTables(statement: Statement, context: PolicyContext): boolean {
  switch (statement.kind) {
    case 'Explain':
    case 'VExplain':
      return hidesTables(statement.statement, context)
    case 'Ddl':
      return PROGRAMS.has(statement.object.split(' ')[0]!) || namesOthersTables(passedOn(context))
    case 'Other':
      return !WITHOUT_TABLES.has(statement.verb.split(' ')[0]!)
    default:
      return false
  }
}

const PROGRAMS = words('procedure function trigger event package')
const WITHOUT_TABLES = words('HELP SIGNAL RESIGNAL GET XA')

/** CREATE and ALTER TABLE … UNION = (others), ALTER TABLE … EXCHANGE PARTITION … WITH TABLE other. */
function namesOthersTables(text: PassedOn): boolean {
  for (let at = 0; at < text.length; at++) {
    const isMerge =
      text.bare(at) === 'UNION' && (text.word(at + 1) === '=' || text.name(at + 2) !== undefined)
    if (text.bare(at) === 'EXCHANGE' || isMerge) return true
  }
  return false
}

function guessed(context: PolicyContext): readonly TableNeed[] {
  const { defaultSchema, options } = context
  const text = passedOn(context)
  const inner = preparedIn(text).flatMap((sql) =>
    guessedTables(new PassedOn(sql, tokenize(sql, options), text.judgeInner), defaultSchema),
  )
  return [...guessedTables(text, defaultSchema), ...inner]
}

function judge(statement: Statement, context: PolicyContext): Denial | undefined {
  switch (statement.kind) {
    case 'Select':
    case 'SetOperation':
    case 'ValuesQuery':
    case 'TableQuery':
    case 'NestedQuery':
      return judgeTree(statement, context.defaultSchema, { ownSessions: !context.isShard })
    case 'Insert':
    case 'Update':
    case 'Delete':
    case 'Do':
      return judgeTree(statement, context.defaultSchema)
    case 'Set':
      return judgeSet(statement) ?? judgeTree(statement, context.defaultSchema)
    case 'SetTransaction':
      return denialOfVariable(statement.scope ?? '', '')
    case 'Call':
      return (
        denialOfCall(statement.name.qualifier ?? context.defaultSchema, statement.name.name) ??
        judgeTree(statement, context.defaultSchema)
      )
    case 'Show':
      return judgeShow(statement, context)
    case 'DescribeTable':
      return denialOfRead(statement.table.qualifier ?? context.defaultSchema, statement.table.name)
    case 'Explain':
      return judgeExplained(statement, context)
    case 'VExplain':
      return judge(statement.statement, context)
    case 'ExplainConnection':
      return { kind: 'Privilege', privileges: 'PROCESS' }
    case 'LockTables':
      return judgeLocked(statement.tables.map(({ table }) => table))
    case 'TableAdmin':
      return judgeAdministered(statement.tables, context) ?? judgeWords(context)
    case 'Flush':
      return denialOfFlush(statement.options[0] ?? '')
    case 'Load':
      return statement.local
        ? (judgeWritten(statement.table, 'INSERT', context) ?? judgeWords(context))
        : { kind: 'Account' }
    case 'Ddl':
      return judgeDdl(statement, context)
    case 'Other':
      return judgeOther(statement.verb, context)
    case 'ConcludeTransaction':
      return { kind: 'Privilege', privileges: 'XA_RECOVER_ADMIN' }
    case 'Use':
    case 'Begin':
    case 'Commit':
    case 'Rollback':
    case 'Savepoint':
    case 'RollbackTo':
    case 'ReleaseSavepoint':
    case 'Kill':
    case 'Prepare':
    case 'Execute':
    case 'Deallocate':
    case 'GetDiagnostics':
    case 'UnlockTables':
    case 'Empty':
      return judgeNodes(statement)
  }
}

/** The words of the whole text. */
function judgeWords(context: PolicyContext): Denial | undefined {
  return judgeTokens(passedOn(context))
}

function passedOn(context: PolicyContext): PassedOn {
  const { sql, options } = context
  return new PassedOn(sql, tokenize(sql, options), (literal) => judgeText(literal, context))
}

/**
 * A statement in a literal, which must read the same under every sql_mode and character set, for a program may change them before
 * it prepares it, and on every server. What is no statement cannot be judged.
 */
function judgeText(literal: string, context: PolicyContext): Denial | undefined {
  const sql = innerText(literal)
  if (!literal.startsWith("'") || !/^[\t\n\r\x20-\x7e]*$/.test(sql) || /["\\]|\/\*M?!/.test(sql))
    return UNKNOWN
  try {
    return judge(parseStatement(sql, context.options), { ...context, sql })
  } catch (error) {
    if (error instanceof SqlError) return UNKNOWN
    throw error
  }
}

/** EXPLAIN … FOR SCHEMA name: the statement is read in that schema, and its warnings tell what constant rows hold. */
function judgeExplained({ statement }: Explain, context: PolicyContext): Denial | undefined {
  const schema = explainedIn(statement, context)
  if (schema === undefined) return judge(statement, context)
  const isKnown = context.isKeyspace(schema) || isSystemSchema(schema)
  if (!isKnown || isClosedSchema(schema)) return { kind: 'Database', database: schema }
  return judge(statement, { ...context, defaultSchema: schema })
}

function explainedIn({ span }: Statement, context: PolicyContext): string | undefined {
  const text = passedOn(context)
  for (let at = 0; at < text.length && text.start(at) < span.start; at++) {
    const isSchema = text.bare(at + 1) === 'SCHEMA' || text.bare(at + 1) === 'DATABASE'
    if (text.bare(at) === 'FOR' && isSchema) return text.name(at + 2)
  }
  return undefined
}

function judgeSet({ items }: Extract<Statement, { kind: 'Set' }>): Denial | undefined {
  for (const item of items) {
    const denied = item.kind === 'SetVariable' ? denialOfVariable(item.scope ?? '', item.name) : undefined
    if (denied !== undefined) return denied
  }
  return undefined
}

function judgeShow(statement: Show, context: PolicyContext): Denial | undefined {
  const { what, table, database } = statement
  if (what === 'OTHER') {
    const text = passedOn(context)
    return denialOfShown(text.bare(1), text.bare(2)) ?? judgeWords(context)
  }
  const inWhere = judgeNodes(statement) ?? judgeTables(statement.where, context.defaultSchema)
  if (inWhere !== undefined) return inWhere
  if (table !== undefined) {
    const denied = denialOfRead(database ?? table.qualifier ?? context.defaultSchema, table.name)
    return denied?.kind === 'Table' && what === 'CREATE TABLE' ? { ...denied, command: 'SHOW' } : denied
  }
  return database !== undefined && isClosedSchema(database) ? { kind: 'Database', database } : undefined
}

function judgeLocked(tables: readonly TableName[]): Denial | undefined {
  const system = tables.find(({ qualifier }) => qualifier !== undefined && isSystemSchema(fold(qualifier)))
  return system?.qualifier === undefined ? undefined : { kind: 'Database', database: system.qualifier }
}

function judgeWritten(
  table: TableName,
  command: string,
  { defaultSchema }: PolicyContext,
): Denial | undefined {
  return denialOfWrite(table.qualifier ?? defaultSchema, table.name, command)
}

function judgeAdministered(tables: readonly TableName[], context: PolicyContext): Denial | undefined {
  for (const table of tables) {
    const denied = judgeWritten(table, 'SELECT, INSERT', context)
    if (denied !== undefined) return denied
  }
  return undefined
}

/** Objects that belong to a keyspace; any other is the server's. */
const OWN_OBJECTS = words(`
  table view index trigger procedure function event package sequence database schema vschema
`)

function judgeDdl(statement: Ddl, context: PolicyContext): Denial | undefined {
  const { verb, object, names } = statement
  // The topology is everybody's.
  if (statement.vschema !== undefined) return UNKNOWN
  const denied = denialOfObject(verb.toUpperCase(), object.split(' ')[0]!.toUpperCase())
  if (denied !== undefined) return denied
  if (!OWN_OBJECTS.has(object.split(' ')[0]!)) return { kind: 'Privilege', privileges: 'SUPER' }
  const inSchema = judgeObjectName(statement)
  if (inSchema !== undefined) return inSchema
  const command = commandOf(statement)
  for (const [i, name] of names.entries()) {
    const isNewName = verb === 'rename' && i % 2 === 1
    const notWritten = judgeWritten(name, isNewName ? 'INSERT, CREATE' : command, context)
    if (notWritten !== undefined) return notWritten
  }
  return (
    judgeNodes(statement) ??
    denialOfDefiner(passedOn(context)) ??
    judgeQuery(statement.query, context) ??
    judgeWords(context)
  )
}

function judgeObjectName({ verb, object, objectName: name }: Ddl): Denial | undefined {
  if (name === undefined) return undefined
  const schema = object === 'database' || object === 'schema' ? name.name : name.qualifier
  if (schema === undefined || !isSystemSchema(fold(schema))) return undefined
  const isRoutine = object === 'procedure' || object === 'function'
  return verb !== 'create' && isRoutine
    ? { kind: 'Routine', command: 'alter routine', routine: `${schema}.${name.name}` }
    : { kind: 'Database', database: schema }
}

function judgeQuery(query: Query | undefined, context: PolicyContext): Denial | undefined {
  return query === undefined ? undefined : judgeTree(query, context.defaultSchema)
}

/** Verbs of statements that are passed on, and that ordinary users have use for. */
const OWN_VERBS = words(`
  HELP SIGNAL RESIGNAL GET CACHE LOAD XA HANDLER BEGIN EXECUTE SET ANALYZE CHECK CHECKSUM OPTIMIZE REPAIR DELETE
  IF CASE LOOP WHILE REPEAT FOR
`)

function judgeOther(verb: string, context: PolicyContext): Denial | undefined {
  const text = passedOn(context)
  const denied =
    denialOfGrant(verb, text) ?? denialOfServerVerb(verb, text.bare(1), text.bare(2) || text.word(2))
  if (denied !== undefined) return denied
  if (!OWN_VERBS.has(verb.split(' ')[0]!)) return { kind: 'Privilege', privileges: 'SUPER' }
  return judgeTokens(text)
}

// ------------------------------------------------------------------------------------------------- keyspaces

/** The keyspaces that a statement names or reaches. Of what is passed on, every name that a schema's may be. */
function reachesOf(statement: Statement, context: PolicyContext, byText: boolean): readonly Reach[] {
  const { defaultSchema, keyspaceOf } = context
  const reaches: Reach[] = []
  for (const table of tablesOf(statement)) {
    const found = keyspaceOf(table)
    if (table.qualifier !== undefined) reaches.push({ schema: table.qualifier, table: table.name })
    if (found !== undefined) reaches.push({ schema: found, table: table.name })
  }
  visit(statement, (node) => {
    if (node.kind === 'Function' && node.qualifier !== undefined) reaches.push({ schema: node.qualifier })
    const sequence = sequenceSchema(node)
    if (sequence !== undefined) reaches.push({ schema: sequence })
    if (node.kind === 'Call' && node.name.qualifier !== undefined)
      reaches.push({ schema: node.name.qualifier })
    if (node.kind === 'Explain') {
      const schema = explainedIn(node.statement, context)
      if (schema !== undefined) reaches.push({ schema })
    }
    if (node.kind === 'Show' && node.database !== undefined) reaches.push(reachOf(node.database, node.table))
    return undefined
  })
  if (defaultSchema !== '') reaches.push({ schema: defaultSchema })
  if (byText) reaches.push(...qualifiersOf(passedOn(context), context.options))
  return reaches
}

function reachOf(schema: string, table: TableName | undefined): Reach {
  return table === undefined ? { schema } : { schema, table: table.name }
}

/** Every name that may be a schema's, in the literals that are prepared from within as well. */
function qualifiersOf(text: PassedOn, options: ParseOptions): Reach[] {
  const found: Reach[] = []
  for (let at = 0; at < text.length; at++) {
    const name = text.name(at)
    if (text.type(at) === 'String' && isPrepared(text, at)) {
      const sql = innerText(text.text(at))
      found.push(...qualifiersOf(new PassedOn(sql, tokenize(sql, options), text.judgeInner), options))
    }
    if (name === undefined) continue
    const isDatabase = ['DATABASE', 'SCHEMA'].includes(text.bare(at - 1))
    if (text.word(at + 1) === '.' || isDatabase) found.push({ schema: name, isGuess: true })
  }
  return found
}

/** The texts that are prepared from literals. */
function preparedIn(text: PassedOn): readonly string[] {
  const found: string[] = []
  for (let at = 0; at < text.length; at++)
    if (text.type(at) === 'String' && isPrepared(text, at)) found.push(innerText(text.text(at)))
  return found
}

function isPrepared(text: PassedOn, at: number): boolean {
  return (
    text.bare(at - 1) === 'IMMEDIATE' || (text.bare(at - 1) === 'FROM' && text.bare(at - 3) === 'PREPARE')
  )
}

/** Of a literal in single quotes without escapes, the only ones that ordinary users may prepare from. */
function innerText(literal: string): string {
  return literal.slice(1, -1).replaceAll("''", "'")
}
