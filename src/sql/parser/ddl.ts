import type { Ddl, DdlVerb, Query, Statement, TableName, VschemaChange } from '../ast.ts'
import { isMariaDb } from '../keywords.ts'
import type { Word } from '../lexer.ts'
import { parseNameList, parseTableName } from './names.ts'
import { skipProgram, skipStatement } from './other.ts'
import { atQueryStart, parseQuery } from './query.ts'
import { parseDeallocate, parseSeconds } from './session.ts'
import { make, type TokenStream } from './token-stream.ts'
import { PieceBuilder } from './verbatim.ts'
import { parseVschemaChange } from './vschema.ts'

/**
 * Data definition: verb, object and names are understood, so that it can be routed; the rest is passed on word for word.
 * Source: MySQL 9.7 manual, "Data Definition Statements".
 */
export function parseDdl(p: TokenStream): Statement {
  const builder = new DdlBuilder(p)
  switch (p.word) {
    case 'CREATE':
      return parseCreate(p, builder)
    case 'ALTER':
      return parseAlter(p, builder)
    case 'DROP':
      return p.peekWord() === 'PREPARE' ? parseDeallocate(p) : parseDrop(p, builder)
    case 'RENAME':
      return parseRename(p, builder)
    case 'TRUNCATE':
      return parseTruncate(p, builder)
    default:
      return p.fail()
  }
}

/** What is known so far of the statement being read. */
class DdlBuilder {
  readonly #p: TokenStream
  readonly #start: number
  readonly pieces: PieceBuilder
  readonly names: TableName[] = []
  readonly references: TableName[] = []
  temporary = false
  ifExists = false
  ifNotExists = false
  orReplace = false
  objectName: TableName | undefined
  like: TableName | undefined
  query: Query | undefined
  vschema: VschemaChange | undefined

  constructor(p: TokenStream) {
    this.#p = p
    this.#start = p.start
    this.pieces = new PieceBuilder(p, p.pos)
  }

  /** Reads a name of a table or view that the statement concerns. */
  table(): TableName {
    const name = this.name()
    this.names.push(name)
    return name
  }

  name(): TableName {
    return this.pieces.take(parseTableName)
  }

  /** MariaDB: `WAIT seconds` or `NOWAIT`. */
  wait(): void {
    if (!isMariaDb(this.#p.options.serverVersion)) return
    if (this.#p.accept('WAIT')) this.pieces.take(parseSeconds)
    else this.#p.accept('NOWAIT')
  }

  takeQuery(): void {
    this.query = this.pieces.take(parseQuery)
  }

  finish(verb: DdlVerb, object: string): Ddl {
    return make<Ddl>({
      kind: 'Ddl',
      verb,
      object,
      temporary: this.temporary,
      ifExists: this.ifExists,
      ifNotExists: this.ifNotExists,
      orReplace: this.orReplace,
      names: this.names,
      objectName: this.objectName,
      like: this.like,
      query: this.query,
      references: this.references,
      vschema: this.vschema,
      pieces: this.pieces.finish(),
      span: this.#p.spanFrom(this.#start),
    })
  }
}

/** Skips to the word that names the kind of object: over OR REPLACE, DEFINER = …, ALGORITHM = …, UNIQUE and so on. */
function skipToObject(p: TokenStream, builder: DdlBuilder): Word | '' {
  for (;;) {
    if (p.accept2('OR', 'REPLACE')) builder.orReplace = true
    else if (p.accept('TEMPORARY')) builder.temporary = true
    else if (p.at('DEFINER')) skipDefiner(p)
    else if (p.at2('ALGORITHM', '=')) p.advance(3)
    else if (p.at2('SQL', 'SECURITY')) p.advance(3)
    else if (p.acceptOneOf(modifiers) === undefined) return p.word
  }
}

const modifiers = [
  ...(['UNIQUE', 'FULLTEXT', 'SPATIAL', 'VECTOR'] as const),
  ...(['EXTERNAL', 'MATERIALIZED', 'JSON', 'RELATIONAL', 'DUALITY'] as const),
  ...(['UNDO', 'AGGREGATE', 'IGNORE'] as const),
] as const

/** DEFINER = user[@host], CURRENT_USER[()]. */
function skipDefiner(p: TokenStream): void {
  p.expect('DEFINER')
  p.expect('=')
  if (p.accept('CURRENT_USER')) {
    if (p.accept('(')) p.expect(')')
    return
  }
  p.identifierOrString()
  if (p.type === 'UserVariable') p.advance()
}

function acceptIfExists(p: TokenStream, builder: DdlBuilder): void {
  if (!p.at2('IF', 'EXISTS')) return
  p.advance(2)
  builder.ifExists = true
}

function acceptIfNotExists(p: TokenStream, builder: DdlBuilder): void {
  if (!p.at2('IF', 'NOT')) return
  p.advance(2)
  p.expect('EXISTS')
  builder.ifNotExists = true
}

function parseCreate(p: TokenStream, builder: DdlBuilder): Ddl {
  p.expect('CREATE')
  const object = skipToObject(p, builder)
  switch (object) {
    case 'TABLE':
      p.advance()
      return parseCreateTable(p, builder)
    case 'VIEW':
      p.advance()
      return parseView(p, builder, 'create')
    case 'INDEX':
      p.advance()
      acceptIfNotExists(p, builder)
      builder.objectName = builder.name()
      return parseIndexTable(p, builder, 'create')
    case 'DATABASE':
    case 'SCHEMA':
      p.advance()
      acceptIfNotExists(p, builder)
      builder.objectName = builder.name()
      skipStatement(p)
      return builder.finish('create', 'database')
    case 'TRIGGER':
      return parseTrigger(p, builder)
    case 'PROCEDURE':
    case 'FUNCTION':
    case 'EVENT':
    case 'PACKAGE':
      p.advance()
      if (object === 'PACKAGE') p.accept('BODY')
      acceptIfNotExists(p, builder)
      builder.objectName = builder.name()
      skipProgram(p)
      return builder.finish('create', object.toLowerCase())
    default:
      return parseNamed(p, builder, 'create', object)
  }
}

/** Any other object: USER, ROLE, SERVER, TABLESPACE, SEQUENCE …, of which only the kind matters. */
function parseNamed(p: TokenStream, builder: DdlBuilder, verb: DdlVerb, object: Word | ''): Ddl {
  if (object === '' || p.type !== 'Ident') p.fail()
  p.advance()
  if (verb === 'create') acceptIfNotExists(p, builder)
  else acceptIfExists(p, builder)
  if (object === 'SEQUENCE' && isMariaDb(p.options.serverVersion)) builder.table()
  skipStatement(p)
  return builder.finish(verb, object.toLowerCase())
}

function parseCreateTable(p: TokenStream, builder: DdlBuilder): Ddl {
  acceptIfNotExists(p, builder)
  builder.table()
  if (p.accept('LIKE')) builder.like = builder.name()
  else if (p.at2('(', 'LIKE')) {
    p.advance(2)
    builder.like = builder.name()
    p.expect(')')
  } else skipTableBody(p, builder)
  return builder.finish('create', 'table')
}

/** Columns, options and partitions, up to a query or the end; foreign keys' tables are noted. */
function skipTableBody(p: TokenStream, builder: DdlBuilder): void {
  while (p.type !== 'End' && !p.at(';')) {
    if (p.type === 'Bad') p.fail()
    if (atTableQuery(p)) {
      builder.takeQuery()
      return
    }
    if (p.at(')')) p.fail()
    if (p.at('(')) skipParenthesis(p, builder)
    else p.advance()
  }
}

/** One token of a definition, or all of a parenthesis in it. */
function skipDefinition(p: TokenStream, builder: DdlBuilder): void {
  if (p.type === 'Bad' || p.type === 'End' || p.at(';')) p.fail()
  if (p.at('(')) skipParenthesis(p, builder)
  else if (p.accept('REFERENCES')) builder.references.push(builder.name())
  else p.advance()
}

function skipParenthesis(p: TokenStream, builder: DdlBuilder): void {
  p.enter()
  p.expect('(')
  while (!p.at(')')) skipDefinition(p, builder)
  p.expect(')')
  p.leave()
}

function atTableQuery(p: TokenStream): boolean {
  switch (p.word) {
    case 'SELECT':
    case 'TABLE':
      return true
    case 'WITH': // MariaDB has the option WITH SYSTEM VERSIONING.
      return p.peekWord(2) !== 'VERSIONING'
    case 'VALUES':
      return p.peekWord() === 'ROW'
    case '(':
      return atQueryStart(p, 1)
    default:
      return false
  }
}

/** `name [(columns)] AS query [WITH … CHECK OPTION]`. */
function parseView(p: TokenStream, builder: DdlBuilder, verb: DdlVerb): Ddl {
  acceptIfNotExists(p, builder)
  builder.table()
  if (p.at('(')) parseNameList(p)
  p.expect('AS')
  builder.takeQuery()
  if (p.accept('WITH')) {
    p.acceptOneOf(['CASCADED', 'LOCAL'])
    p.expect('CHECK')
    p.expect('OPTION')
  }
  return builder.finish(verb, 'view')
}

/** `… ON table …` of CREATE INDEX and DROP INDEX. */
function parseIndexTable(p: TokenStream, builder: DdlBuilder, verb: DdlVerb): Ddl {
  while (!p.at('ON') && p.type !== 'End' && !p.at(';')) p.advance()
  p.expect('ON')
  builder.table()
  skipStatement(p)
  return builder.finish(verb, 'index')
}

/** `TRIGGER name {BEFORE|AFTER} event ON table FOR EACH ROW body`. */
function parseTrigger(p: TokenStream, builder: DdlBuilder): Ddl {
  p.expect('TRIGGER')
  acceptIfNotExists(p, builder)
  builder.objectName = builder.name()
  p.expectOneOf(['BEFORE', 'AFTER'])
  p.expectOneOf(['INSERT', 'UPDATE', 'DELETE'])
  if (p.type === 'Hint') p.advance() // nothing to the server
  p.expect('ON')
  builder.table()
  p.expect('FOR')
  p.expect('EACH')
  p.expect('ROW')
  skipProgram(p)
  return builder.finish('create', 'trigger')
}

function parseAlter(p: TokenStream, builder: DdlBuilder): Ddl {
  p.expect('ALTER')
  const object = skipToObject(p, builder)
  switch (object) {
    case 'TABLE':
      p.advance()
      acceptIfExists(p, builder)
      builder.table()
      skipAlterations(p, builder)
      return builder.finish('alter', 'table')
    case 'VIEW':
      p.advance()
      return parseView(p, builder, 'alter')
    case 'DATABASE':
    case 'SCHEMA':
      p.advance()
      if (p.atIdentifier() && !isDatabaseOption(p)) builder.objectName = builder.name()
      skipStatement(p)
      return builder.finish('alter', 'database')
    case 'EVENT':
    case 'PROCEDURE':
    case 'FUNCTION':
      p.advance()
      acceptIfExists(p, builder)
      builder.objectName = builder.name()
      skipProgram(p)
      return builder.finish('alter', object.toLowerCase())
    case 'VSCHEMA':
      p.advance()
      builder.vschema = parseVschemaChange(p, builder.pieces)
      return builder.finish('alter', 'vschema')
    default:
      return parseNamed(p, builder, 'alter', object)
  }
}

/** ALTER DATABASE may leave the name out. */
function isDatabaseOption(p: TokenStream): boolean {
  switch (p.word) {
    case 'CHARSET':
    case 'ENCRYPTION':
      return true
    default:
      return false
  }
}

/** The alterations, with the tables that they name: RENAME, REFERENCES, EXCHANGE PARTITION. */
function skipAlterations(p: TokenStream, builder: DdlBuilder): void {
  let depth = 0
  while (p.type !== 'End' && !p.at(';')) {
    if (p.type === 'Bad') p.fail()
    if (p.at('(')) depth++
    else if (p.at(')') && --depth < 0) p.fail()
    if (p.accept('REFERENCES')) builder.references.push(builder.name())
    else if (depth === 0 && p.at2('EXCHANGE', 'PARTITION')) takeExchange(p, builder)
    else if (depth === 0 && p.at('RENAME') && isTableRename(p)) {
      p.advance()
      p.acceptOneOf(['TO', 'AS', '='])
      builder.table()
    } else p.advance()
  }
  if (depth > 0) p.fail()
}

/** EXCHANGE PARTITION name WITH TABLE table. */
function takeExchange(p: TokenStream, builder: DdlBuilder): void {
  p.advance(2)
  p.identifier()
  p.expect('WITH')
  p.expect('TABLE')
  builder.table()
}

function isTableRename(p: TokenStream): boolean {
  switch (p.peekWord()) {
    case 'COLUMN':
    case 'INDEX':
    case 'KEY':
      return false
    default:
      return true
  }
}

function parseDrop(p: TokenStream, builder: DdlBuilder): Ddl {
  p.expect('DROP')
  const object = skipToObject(p, builder)
  switch (object) {
    case 'TABLE':
    case 'TABLES':
    case 'VIEW':
      p.advance()
      acceptIfExists(p, builder)
      do builder.table()
      while (p.accept(','))
      builder.wait()
      p.acceptOneOf(['RESTRICT', 'CASCADE'])
      return builder.finish('drop', object === 'VIEW' ? 'view' : 'table')
    case 'INDEX':
      p.advance()
      acceptIfExists(p, builder)
      if (p.at('PRIMARY')) p.advance()
      else builder.objectName = builder.name()
      return parseIndexTable(p, builder, 'drop')
    case 'DATABASE':
    case 'SCHEMA':
    case 'TRIGGER':
    case 'PROCEDURE':
    case 'FUNCTION':
    case 'EVENT':
    case 'PACKAGE':
      p.advance()
      if (object === 'PACKAGE') p.accept('BODY')
      acceptIfExists(p, builder)
      builder.objectName = builder.name()
      return builder.finish('drop', object === 'SCHEMA' ? 'database' : object.toLowerCase())
    default:
      return parseNamed(p, builder, 'drop', object)
  }
}

/** RENAME TABLE a TO b, …; RENAME USER is passed on. */
function parseRename(p: TokenStream, builder: DdlBuilder): Ddl {
  p.expect('RENAME')
  if (p.acceptOneOf(['TABLE', 'TABLES']) === undefined) return parseNamed(p, builder, 'rename', p.word)
  acceptIfExists(p, builder)
  do {
    builder.table()
    builder.wait()
    p.expect('TO')
    builder.table()
  } while (p.accept(','))
  return builder.finish('rename', 'table')
}

function parseTruncate(p: TokenStream, builder: DdlBuilder): Ddl {
  p.expect('TRUNCATE')
  p.accept('TABLE')
  builder.table()
  builder.wait()
  if (isMariaDb(p.options.serverVersion) && p.acceptOneOf(['DROP', 'REUSE']) !== undefined)
    p.expect('STORAGE')
  return builder.finish('truncate', 'table')
}
