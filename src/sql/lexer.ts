import {
  blockCommentEnd,
  dollarQuotedEnd,
  identEnd,
  isBlank,
  isCompareChar,
  isDashComment,
  isDigit,
  isIdentChar,
  isVersioned,
  lineEnd,
  number,
  quotedEnd,
  radixStringEnd,
  readNumber,
  versionedBody,
} from './chars.ts'
import { isFunctionWord, isMariaDb, type Keyword } from './keywords.ts'
import { ANSI_QUOTES, IGNORE_SPACE, NO_BACKSLASH_ESCAPES, type SqlMode } from './sql-mode.ts'
import { keywordAt } from './words.ts'

/** Operators and punctuation; `@@` opens a system variable. */
export type Operator =
  | '('
  | ')'
  | ','
  | ';'
  | '.'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '^'
  | '&'
  | '|'
  | '~'
  | '!'
  | ':'
  | '{'
  | '}'
  | '&&'
  | '||'
  | '<'
  | '<='
  | '<=>'
  | '<<'
  | '<>'
  | '>'
  | '>='
  | '>>'
  | '='
  | ':='
  | '->'
  | '->>'
  | '@@'

export type Word = Keyword | Operator

/**
 * Kinds of tokens. An unquoted word is 'Ident', whether it is a keyword or not (`word` tells); 'Bad' is what no
 * statement may contain: an unclosed string or comment, an unknown character.
 */
export type TokenType =
  | 'Ident'
  | 'Quoted'
  | 'Int'
  | 'Decimal'
  | 'Float'
  | 'String'
  | 'National'
  | 'Hex'
  | 'Bit'
  | 'NullEscape'
  | 'Param'
  | 'UserVariable'
  | 'Operator'
  | 'Hint'
  | 'DollarQuoted'
  | 'Bad'
  | 'End'

/** The tokens of a text, by number; the last is 'End', with start = end = the text's end. */
export interface Tokens {
  readonly types: TokenType[]
  /** Keyword in upper case or operator; '' for everything else. */
  readonly words: (Word | '')[]
  readonly starts: number[]
  readonly ends: number[]
  /** A comment (versioned ones too) was left out somewhere. */
  hasComment: boolean
  /** Ranges of executed versioned comments: text copied across their borders would lose its balance. */
  readonly versioned: { readonly start: number; readonly end: number }[]
}

export interface LexOptions {
  readonly mode: SqlMode
  readonly serverVersion: number
}

/** Splits `sql` from `start` to `end` into tokens. Never fails: what is wrong becomes a 'Bad' token. */
export function tokenize(sql: string, options: LexOptions, start = 0, end = sql.length): Tokens {
  return new Lexer(end === sql.length ? sql : sql.slice(0, end), options).run(start)
}

const NO_TOKENS_BEFORE = -1

class Lexer {
  readonly #sql: string
  readonly #mode: SqlMode
  readonly #serverVersion: number
  readonly #escapes: boolean
  readonly #tokens: Tokens = {
    types: [],
    words: [],
    starts: [],
    ends: [],
    hasComment: false,
    versioned: [],
  }
  /** Start of the executed versioned comment that we are in, or -1. */
  #versionedStart = NO_TOKENS_BEFORE
  /** The next word is a name, whatever it spells: it follows a point. */
  #nameNext = false

  constructor(sql: string, options: LexOptions) {
    this.#sql = sql
    this.#mode = options.mode
    this.#serverVersion = options.serverVersion
    this.#escapes = (options.mode & NO_BACKSLASH_ESCAPES) === 0
  }

  run(start: number): Tokens {
    const { length } = this.#sql
    let pos = start
    while (pos < length) pos = this.#step(pos)
    if (this.#versionedStart >= 0) this.#add('Bad', '', length, length)
    this.#add('End', '', length, length)
    return this.#tokens
  }

  #add(type: TokenType, word: Word | '', start: number, end: number): number {
    const tokens = this.#tokens
    tokens.types.push(type)
    tokens.words.push(word)
    tokens.starts.push(start)
    tokens.ends.push(end)
    return end
  }

  /** Reads one token, blank or comment at `pos` and returns the offset behind it. */
  #step(pos: number): number {
    const sql = this.#sql
    const c = sql.charCodeAt(pos)
    if (isBlank(c)) return pos + 1
    if (this.#nameNext) {
      this.#nameNext = false
      if (isIdentChar(c)) return this.#name(pos)
    }
    if (isDigit(c)) return this.#number(pos)
    if (isIdentChar(c)) return this.#word(pos)
    switch (c) {
      case 39: // '
        return this.#quoted(pos, 'String')
      case 34: // "
        return this.#quoted(pos, (this.#mode & ANSI_QUOTES) !== 0 ? 'Quoted' : 'String')
      case 96: // `
        return this.#quoted(pos, 'Quoted')
      case 64: // @
        return this.#variable(pos)
      case 46: // .
        return this.#point(pos)
      case 35: // #
        this.#tokens.hasComment = true
        return lineEnd(sql, pos)
      case 45: // -
        return this.#dash(pos)
      case 47: // /
        return sql.charCodeAt(pos + 1) === 42 ? this.#comment(pos) : this.#add('Operator', '/', pos, pos + 1)
      case 42: // *
        return this.#asterisk(pos)
      case 63: // ?
        return this.#add(isIdentChar(sql.charCodeAt(pos + 1)) ? 'Bad' : 'Param', '', pos, pos + 1)
      case 92: // \
        if (sql.charCodeAt(pos + 1) === 78 && isMariaDb(this.#serverVersion)) {
          return this.#add('NullEscape', '', pos, pos + 2)
        }
        return this.#add('Bad', '', pos, pos + 1)
      default:
        return this.#operator(pos, c)
    }
  }

  #word(pos: number): number {
    const sql = this.#sql
    const next = sql.charCodeAt(pos + 1)
    if (next === 39) {
      const c = sql.charCodeAt(pos) | 32
      if (c === 120 || c === 98) return this.#radixString(pos, c === 120 ? 'Hex' : 'Bit')
      if (c === 110) return this.#national(pos)
    }
    if (sql.charCodeAt(pos) === 36) {
      const end = dollarQuotedEnd(sql, pos, this.#serverVersion)
      if (end !== 0) return end < 0 ? this.#bad(pos) : this.#add('DollarQuoted', '', pos, end)
    }
    return this.#wordFound(pos, identEnd(sql, pos))
  }

  #wordFound(pos: number, end: number): number {
    const sql = this.#sql
    const isQualifier = sql.charCodeAt(end) === 46 && isIdentChar(sql.charCodeAt(end + 1))
    if (isQualifier) return this.#add('Ident', '', pos, end)
    const word = keywordAt(sql, pos, end)
    const isName = word !== '' && isFunctionWord(word) && !this.#isCalled(end)
    return this.#add('Ident', isName ? '' : word, pos, end)
  }

  /** A parenthesis follows, directly or (IGNORE_SPACE) after blanks. */
  #isCalled(end: number): boolean {
    let pos = end
    if ((this.#mode & IGNORE_SPACE) !== 0) while (isBlank(this.#sql.charCodeAt(pos))) pos++
    return this.#sql.charCodeAt(pos) === 40
  }

  /** A word behind a point: a name even when it looks like a number or a keyword. */
  #name(pos: number): number {
    return this.#add('Ident', '', pos, identEnd(this.#sql, pos))
  }

  #number(pos: number): number {
    readNumber(this.#sql, pos)
    const { form, end } = number
    if (form === 'Ident') return this.#wordFound(pos, end)
    return form === 'Decimal' ? this.#decimal(pos, end) : this.#add(form, '', pos, end)
  }

  /** `1.5` must not run into an `e`, which would be its exponent; `1e` is a name. */
  #decimal(pos: number, end: number): number {
    return (this.#sql.charCodeAt(end) | 32) === 101 ? this.#bad(pos) : this.#add('Decimal', '', pos, end)
  }

  #quoted(pos: number, type: 'String' | 'Quoted'): number {
    const end = quotedEnd(this.#sql, pos, this.#escapes && type === 'String')
    if (end < 0) return this.#bad(pos)
    return this.#add(type, '', pos, end)
  }

  #national(pos: number): number {
    const end = quotedEnd(this.#sql, pos + 1, this.#escapes)
    return end < 0 ? this.#bad(pos) : this.#add('National', '', pos, end)
  }

  #radixString(pos: number, type: 'Hex' | 'Bit'): number {
    const end = radixStringEnd(this.#sql, pos)
    return end < 0 ? this.#bad(pos) : this.#add(type, '', pos, end)
  }

  /** Nothing behind an unclosed string or comment can be told apart: it takes the rest. */
  #bad(pos: number): number {
    this.#versionedStart = NO_TOKENS_BEFORE
    return this.#add('Bad', '', pos, this.#sql.length)
  }

  #variable(pos: number): number {
    const sql = this.#sql
    const c = sql.charCodeAt(pos + 1)
    if (c === 64) return this.#systemVariable(pos)
    if (c === 39 || c === 34 || c === 96) {
      const isName = c === 96 || (c === 34 && (this.#mode & ANSI_QUOTES) !== 0)
      const end = quotedEnd(sql, pos + 1, this.#escapes && !isName)
      if (end >= 0) return this.#add('UserVariable', '', pos, end)
      this.#add('UserVariable', '', pos, pos + 1)
      return this.#bad(pos + 1)
    }
    let end = pos + 1
    // A bare name may hold points; bytes of multi-byte characters are not part of it in MySQL, harmless here.
    while (isIdentChar(sql.charCodeAt(end)) || sql.charCodeAt(end) === 46) end++
    return this.#add('UserVariable', '', pos, end)
  }

  /** `@@` and the word directly behind it, be it a keyword, a number or in backticks; nothing else may stand there. */
  #systemVariable(pos: number): number {
    const sql = this.#sql
    const start = this.#add('Operator', '@@', pos, pos + 2)
    if (sql.charCodeAt(start) === 96) return start
    const end = identEnd(sql, start)
    if (end === start) return this.#bad(start)
    const word = keywordAt(sql, start, end)
    return this.#add('Ident', word !== '' && isFunctionWord(word) ? '' : word, start, end)
  }

  #point(pos: number): number {
    const sql = this.#sql
    const { types, ends } = this.#tokens
    const last = types.length - 1
    const next = sql.charCodeAt(pos + 1)
    const directlyAfterWord = last >= 0 && types[last] === 'Ident' && ends[last] === pos
    if (isDigit(next) && !directlyAfterWord) {
      readNumber(sql, pos)
      return number.form === 'Float'
        ? this.#add('Float', '', pos, number.end)
        : this.#decimal(pos, number.end)
    }
    this.#nameNext = isIdentChar(next)
    return this.#add('Operator', '.', pos, pos + 1)
  }

  #dash(pos: number): number {
    const sql = this.#sql
    if (isDashComment(sql, pos)) {
      this.#tokens.hasComment = true
      return lineEnd(sql, pos)
    }
    if (sql.charCodeAt(pos + 1) !== 62) return this.#add('Operator', '-', pos, pos + 1)
    if (sql.charCodeAt(pos + 2) === 62) return this.#add('Operator', '->>', pos, pos + 3)
    return this.#add('Operator', '->', pos, pos + 2)
  }

  #comment(pos: number): number {
    const sql = this.#sql
    if (sql.charCodeAt(pos + 2) === 43 && this.#hintMayStand()) {
      const end = blockCommentEnd(sql, pos, false)
      return end < 0 ? this.#bad(pos) : this.#add('Hint', '', pos, end)
    }
    this.#tokens.hasComment = true
    const versioned = isVersioned(sql, pos, this.#serverVersion)
    // They do not nest: the first end is that of all.
    if (versioned) {
      const body = versionedBody(sql, pos, this.#serverVersion)
      if (body > 0) {
        if (this.#versionedStart < 0) this.#versionedStart = pos
        return body
      }
    }
    const end = blockCommentEnd(sql, pos, versioned)
    return end < 0 ? this.#bad(pos) : end
  }

  /** Optimizer hints are read only behind the verb of a statement or query block. */
  #hintMayStand(): boolean {
    const { words } = this.#tokens
    switch (words[words.length - 1]) {
      case 'SELECT':
      case 'INSERT':
      case 'REPLACE':
      case 'UPDATE':
      case 'DELETE':
        return true
      default:
        return false
    }
  }

  #asterisk(pos: number): number {
    if (this.#versionedStart >= 0 && this.#sql.charCodeAt(pos + 1) === 47) {
      this.#tokens.versioned.push({ start: this.#versionedStart, end: pos + 2 })
      this.#versionedStart = NO_TOKENS_BEFORE
      return pos + 2
    }
    return this.#add('Operator', '*', pos, pos + 1)
  }

  #operator(pos: number, c: number): number {
    const sql = this.#sql
    if (isCompareChar(c)) return this.#compare(pos, c)
    const next = sql.charCodeAt(pos + 1)
    if (c === 38 && next === 38) return this.#add('Operator', '&&', pos, pos + 2)
    if (c === 124 && next === 124) return this.#add('Operator', '||', pos, pos + 2)
    if (c === 58 && next === 61) return this.#add('Operator', ':=', pos, pos + 2)
    const word = singles.get(c)
    return word === undefined ? this.#add('Bad', '', pos, pos + 1) : this.#add('Operator', word, pos, pos + 1)
  }

  /**
   * MySQL takes up to two such characters (three after `<`, if the third is no `<`) as one operator, even when there is
   * none of that name: `1=!0` is an error. A wrong one that begins with `!` counts as a single `!`, whatever its length.
   */
  #compare(pos: number, c: number): number {
    const sql = this.#sql
    let end = isCompareChar(sql.charCodeAt(pos + 1)) ? pos + 2 : pos + 1
    const third = sql.charCodeAt(end)
    if (c === 60 && end === pos + 2 && third !== 60 && isCompareChar(third)) end++
    const word = comparisons.get(sql.slice(pos, end))
    if (word !== undefined) return this.#add('Operator', word, pos, end)
    return c === 33 ? this.#add('Operator', '!', pos, end) : this.#add('Bad', '', pos, end)
  }
}

const singles: ReadonlyMap<number, Operator> = new Map(
  (['(', ')', ',', ';', '+', '%', '^', '&', '|', '~', ':', '{', '}'] as const).map((op) => [
    op.charCodeAt(0),
    op,
  ]),
)

const comparisons: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['!', '!'],
  ['<', '<'],
  ['<=', '<='],
  ['<=>', '<=>'],
  ['<<', '<<'],
  ['<>', '<>'],
  ['!=', '<>'],
  ['>', '>'],
  ['>=', '>='],
  ['>>', '>>'],
  ['=', '='],
])
