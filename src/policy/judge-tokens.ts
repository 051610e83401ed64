import type { Denial } from '../plan/needs.ts'
import type { Tokens } from '../sql/lexer.ts'
import { decodeBinary, unquote } from '../sql/text.ts'
import { isSystemSchema } from '../vschema/system-schemas.ts'
import { fold } from './fold.ts'
import { denialOfFunction } from './functions.ts'
import { denialOfVerb } from './privileged-verbs.ts'
import { denialOfSetVariable } from './session-variables.ts'
import { denialOfCall, denialOfRead } from './system-tables.ts'

/** A text that is passed on word for word, as the server will read it. */
export class PassedOn {
  readonly sql: string
  /** What an ordinary user lacks for the statement in a literal, given with its quotes. */
  readonly judgeInner: (literal: string) => Denial | undefined
  readonly #tokens: Tokens
  #hasTableOptions: boolean | undefined

  constructor(sql: string, tokens: Tokens, judgeInner: PassedOn['judgeInner']) {
    this.sql = sql
    this.#tokens = tokens
    this.judgeInner = judgeInner
  }

  get length(): number {
    return this.#tokens.types.length
  }

  /** Somewhere in it a table or a sequence may be made or altered: elsewhere, options of tables are columns' names. */
  get hasTableOptions(): boolean {
    this.#hasTableOptions ??= this.#tokens.words.some((word) => word === 'TABLE' || word === 'SEQUENCE')
    return this.#hasTableOptions
  }

  type(at: number): Tokens['types'][number] {
    return this.#tokens.types[Math.max(0, Math.min(at, this.length - 1))]!
  }

  /** Keyword in upper case, operator, or ''; a word behind a point is a name. */
  word(at: number): string {
    return at < 0 ? '' : (this.#tokens.words[Math.min(at, this.length - 1)] ?? '')
  }

  /** The token as a name; undefined for what cannot be one. */
  name(at: number): string | undefined {
    const type = this.type(at)
    if (at < 0 || (type !== 'Ident' && type !== 'Quoted')) return undefined
    return type === 'Quoted' ? unquote(this.text(at)) : decodeBinary(this.text(at))
  }

  /** Any word, known to a grammar or not, in upper case. */
  bare(at: number): string {
    return at >= 0 && this.type(at) === 'Ident' ? this.text(at).toUpperCase() : ''
  }

  start(at: number): number {
    return this.#tokens.starts[at]!
  }

  text(at: number): string {
    const { starts, ends } = this.#tokens
    return this.sql.slice(starts[at], ends[at])
  }
}

/**
 * What an ordinary user lacks for a text that is passed on, of which only the words are known: names behind which a
 * system schema stands, functions, files, the statements inside of stored programs. It errs towards refusing: an alias
 * `sys` in the body of a procedure is taken for the schema.
 */
export function judgeTokens(text: PassedOn): Denial | undefined {
  for (let at = 0; at < text.length; at++) {
    const denied = denialAt(text, at)
    if (denied !== undefined) return denied
  }
  return undefined
}

function denialAt(text: PassedOn, at: number): Denial | undefined {
  const name = text.name(at)
  if (name === undefined) return undefined
  return (
    denialOfName(text, at, name) ??
    denialOfFile(text, at) ??
    denialOfVerb(text, at) ??
    denialOfSetVariable(text, at)
  )
}

function denialOfName(text: PassedOn, at: number, name: string): Denial | undefined {
  if (text.word(at + 1) === '(') return text.word(at - 1) === '.' ? undefined : denialOfFunction(name)
  if (text.word(at + 1) !== '.' || text.word(at - 1) === '.' || text.word(at - 1) === '@@') return undefined
  if (!isSystemSchema(fold(name))) return undefined
  const table = text.name(at + 2)
  if (table === undefined) return { kind: 'Database', database: name }
  const isCall = text.word(at + 3) === '(' && text.bare(at - 1) !== 'INTO'
  if (isCall || text.bare(at - 1) === 'CALL') return denialOfCall(name, table)
  // DELETE FROM reads like SELECT … FROM; of the other schemas the server lets nobody change what may be read.
  return fold(name) === 'mysql'
    ? { kind: 'Table', command: 'SELECT', schema: name, table }
    : denialOfRead(name, table)
}

const FILE: Denial = { kind: 'Privilege', privileges: 'FILE' }
const ACCOUNT: Denial = { kind: 'Account' }
/** Storage engines that read files of the server's machine or connect from there. */
const OUTSIDE_ENGINES: ReadonlySet<string> = new Set(['connect', 'federated', 'spider', 's3'])

/** INTO OUTFILE, INTO DUMPFILE, INFILE, DATA DIRECTORY, INDEX DIRECTORY, engines that reach out. */
function denialOfFile(text: PassedOn, at: number): Denial | undefined {
  switch (text.bare(at)) {
    case 'OUTFILE':
      return FILE
    case 'DUMPFILE':
      return text.bare(at - 1) === 'INTO' && text.type(at + 1) !== 'End' ? FILE : undefined
    case 'INFILE':
      return text.bare(at - 1) === 'LOCAL' ? undefined : ACCOUNT
    case 'DIRECTORY':
      return text.bare(at - 1) === 'DATA' || text.bare(at - 1) === 'INDEX' ? ACCOUNT : undefined
    case 'CONNECTION': // of FEDERATED and SPIDER, and the file of CONNECT, whichever way the engine was chosen
    case 'FILE_NAME': {
      if (!text.hasTableOptions) return undefined
      const value = text.word(at + 1) === '=' ? at + 2 : at + 1
      return text.type(value) === 'String' ? FILE : undefined
    }
    case 'ENGINE': {
      const named = text.word(at + 1) === '=' ? at + 2 : at + 1
      const engine = text.name(named) ?? (text.type(named) === 'String' ? text.text(named).slice(1, -1) : '')
      return OUTSIDE_ENGINES.has(fold(engine)) ? FILE : undefined
    }
    default:
      return undefined
  }
}
