import {
  blockCommentEnd,
  dollarQuotedEnd,
  identEnd,
  isBlank,
  isDigit,
  isIdentChar,
  number,
  quotedEnd,
  readNumber,
  wholeNumberType,
} from './chars.ts'
import { introducedCharset } from './charsets.ts'
import { Clauses } from './clauses.ts'
import { CompoundBlocks, standsAlone } from './compound.ts'
import { KeyBuilder } from './key-builder.ts'
import { isMariaDb, type Keyword } from './keywords.ts'
import { ListReader } from './list-reader.ts'
import { LiteralReader } from './literal-reader.ts'
import type { Scan, SlotItemType } from './scan.ts'
import { ANSI_QUOTES, NO_BACKSLASH_ESCAPES, ORACLE, type SqlMode } from './sql-mode.ts'
import { TextCursor } from './text-cursor.ts'
import {
  ENDS_OPERAND,
  ENDS_TYPE,
  OPERATOR_WORD,
  QUERY_VERB,
  RESERVED,
  TAKES_HINT,
  TAKES_NAME,
  TAKES_STRING,
  TAKES_STRING_BEHIND_OPERAND,
  TYPE,
  wordClasses,
} from './word-classes.ts'
import { findWord, hashStep, keywordAt, wordAt, wordName, wordNumber } from './words.ts'

/**
 * One pass over one statement, from `start` to its `;` or the text's end. Never fails: what no server would accept
 * gives some key, and the parser's error when it is parsed.
 *
 * In the key stand, in place of literals, `:int`, `:dec`, `:float`, `:str`, `:hex`, `:bit`; `(:list)` and `(:rows3)`
 * (rows of width 3) in place of literal lists and rows. A colon that the text itself has is doubled. Blanks and
 * comments become one space, but inside select items, where they are part of the columns' names, they stay.
 */
export function scan(sql: string, mode: SqlMode, serverVersion: number, start = 0): Scan {
  return new Fingerprinter(sql, mode, serverVersion, start).run()
}

/** How a token begins: a byte's class, for the main loop. */
const BLANK_OR_COMMENT = 0 // perhaps, or the statement's end; also what lies behind the text
const SPACE = 1
const WORD = 2
const SPECIAL_WORD = 3 // a name, or x'1f', or $tag$ … $tag$
const DIGIT = 4
const PUNCTUATION = 5
const MARK = 6
const starts = new Uint8Array(256).fill(BLANK_OR_COMMENT)
for (let c = 0; c < 256; c++) if (isIdentChar(c)) starts[c] = isDigit(c) ? DIGIT : WORD
for (const [start, characters] of [
  [SPACE, ' '],
  [SPECIAL_WORD, '$bBnNxX'],
  [PUNCTUATION, '!%&+,<=>^|~[]{'],
  [MARK, '\'"`()@.?:}\\'],
] as const) {
  for (const character of characters) starts[character.charCodeAt(0)] = start
}

/** What the last token was, as far as it decides what the next one means. */
const OPERATOR = 0
const OPERAND = 1

const IN = wordNumber('IN')
const VALUES = wordNumber('VALUES')
const VALUE = wordNumber('VALUE')
const SELECT = wordNumber('SELECT')
const AS = wordNumber('AS')
const RETURNING = wordNumber('RETURNING')
const BINARY = wordNumber('BINARY')
const ATOMIC = wordNumber('ATOMIC')
const NOT = wordNumber('NOT')
const INSERT = wordNumber('INSERT')
const DATE = wordNumber('DATE')
const TIME = wordNumber('TIME')
const TIMESTAMP = wordNumber('TIMESTAMP')
/** Stands for `->` and `->>` among the bytes of operators. */
const ARROW = -1
const REPLACE = wordNumber('REPLACE')
const USE = wordNumber('USE')
const BEGIN = wordNumber('BEGIN')
const SET = wordNumber('SET')
const FOR = wordNumber('FOR')
const CREATE = wordNumber('CREATE')
const ALTER = wordNumber('ALTER')
const LIMIT = wordNumber('LIMIT')
const OFFSET = wordNumber('OFFSET')

class Fingerprinter {
  readonly #sql: string
  readonly #mode: SqlMode
  readonly #serverVersion: number
  readonly #from: number
  readonly #cursor: TextCursor
  readonly #literals: LiteralReader
  readonly #key: KeyBuilder
  readonly #clauses = new Clauses()
  readonly #classes: Uint16Array
  #params = 0
  #last: typeof OPERATOR | typeof OPERAND = OPERATOR
  /** The last operator's last byte. */
  #operatorByte = 0
  /** Keyword that was the last token, or 0, and its class bits. */
  #word = 0
  #wordBits = 0
  /** An operand, or a type, stood before that keyword. */
  #wordFollowsOperand = false
  /** The keyword directly before that keyword, or 0. */
  #wordBefore = 0
  /** Behind LIMIT and its OFFSET, where a sign is an error, and so no part of a literal. */
  #inLimit = false
  /** Leading keyword, or 0. */
  #verb = 0
  /** Lists and rows are taken as one: only where the parser reads all of the statement. */
  #takesLists = false
  /** In CREATE and ALTER blanks, comments and spelling stay: a stored program keeps its text. */
  #keepsText = false
  #compound: CompoundBlocks | undefined
  #ended = false

  constructor(sql: string, mode: SqlMode, serverVersion: number, start: number) {
    this.#sql = sql
    this.#mode = mode
    this.#serverVersion = serverVersion
    this.#classes = wordClasses(serverVersion)
    this.#from = start
    this.#cursor = new TextCursor(sql, serverVersion, start)
    this.#cursor.skipBlanks()
    this.#literals = new LiteralReader(this.#cursor, mode)
    this.#key = new KeyBuilder(sql, this.#cursor.pos)
  }

  run(): Scan {
    const cursor = this.#cursor
    const { length } = this.#sql
    const start = cursor.pos
    const end = Math.min(this.#tokens(start), length)
    const key = this.#key.finish(this.#ended ? end - 1 : length)
    cursor.pos = end
    const isInVersioned = cursor.isInVersioned
    if (this.#ended) cursor.skipBlanks()
    const hasMore = this.#ended && cursor.pos < length
    return {
      key,
      slots: this.#key.slots,
      params: this.#params,
      directives: cursor.directives,
      hasForeign: cursor.hasForeign,
      kind: wordName(this.#verb),
      from: this.#from,
      start,
      end: hasMore || !isInVersioned ? end : length,
      hasMore,
    }
  }

  /** Reads tokens and blanks up to the statement's end, and returns the offset behind it. */
  #tokens(start: number): number {
    const sql = this.#sql
    const { length } = sql
    let pos = start
    while (pos < length && !this.#ended) {
      const c = sql.charCodeAt(pos)
      switch (starts[c & 255]) {
        case WORD:
          pos = this.#name(pos, c)
          break
        case SPACE:
          // A single space before a token that is no comment and no end stays in every key.
          pos = starts[sql.charCodeAt(pos + 1) & 255] <= SPACE ? this.#blank(pos) : pos + 1
          break
        case DIGIT:
          pos = this.#digits(pos)
          break
        case PUNCTUATION:
          pos = this.#operator(pos + 1, c)
          break
        case SPECIAL_WORD:
          pos = this.#specialName(pos, c)
          break
        default:
          pos = this.#mark(pos, c)
      }
    }
    return pos
  }

  #mark(pos: number, c: number): number {
    const sql = this.#sql
    switch (c) {
      case 9:
      case 10:
      case 11:
      case 12:
      case 13:
      case 35: // #
        return this.#blank(pos)
      case 39: // '
        return this.#string(pos, pos)
      case 34: // "
        return this.#literals.isStringQuote(c) ? this.#string(pos, pos) : this.#quotedName(pos, false)
      case 96: // `
        return this.#quotedName(pos, false)
      case 40: // (
        return this.#open(pos)
      case 41: // )
        this.#clauses.close()
        this.#inLimit = false
        this.#compound?.close(this.#clauses.depth)
        return this.#operand(pos + 1)
      case 64: // @
        return this.#variable(pos)
      case 46: // .
        return this.#point(pos)
      case 45: // -
        return this.#dash(pos)
      case 47: // /
        return sql.charCodeAt(pos + 1) === 42 ? this.#comment(pos) : this.#operator(pos + 1, c)
      case 42: // *
        return this.#cursor.atComment(pos) ? this.#blank(pos) : this.#operator(pos + 1, c)
      case 63: // ?
        if (!isIdentChar(sql.charCodeAt(pos + 1))) this.#params++
        return this.#operand(pos + 1)
      case 58: // :
        return this.#colon(pos)
      case 59: // ;
        return this.#semicolon(pos)
      case 125: // }
        return this.#operand(pos + 1)
      case 92: // \
        return this.#operand(pos + 2)
      default:
        return this.#operator(pos + 1, c)
    }
  }

  /** An operator that ends at `end` with `byte`. */
  #operator(end: number, byte: number): number {
    this.#last = OPERATOR
    this.#operatorByte = byte
    this.#word = 0
    this.#wordBits = 0
    if (this.#clauses.byDepth >= 0) this.#clauses.operator(byte)
    return end
  }

  #operand(end: number): number {
    this.#clauses.itemParens = -1
    this.#last = OPERAND
    this.#word = 0
    this.#wordBits = 0
    return end
  }

  /** Blanks and comments at `pos`: one space in the key, or in a select item as they are. */
  #blank(pos: number): number {
    const sql = this.#sql
    const cursor = this.#cursor
    cursor.stopsAtHint = (this.#wordBits & TAKES_HINT) !== 0
    cursor.pos = pos
    cursor.skipBlanks()
    const end = cursor.pos
    // An unclosed comment takes the rest of the text, and is kept, for it decides the error.
    if (end === pos) return sql.length
    if (end >= sql.length || this.#endsAt(end)) return this.#key.replace(pos, end, '')
    if (this.#keepsText || this.#isInItem()) return end
    return sql.charCodeAt(pos) === 32 && end === pos + 1 ? end : this.#key.replace(pos, end, ' ')
  }

  /** Inside a select item, where blanks and comments are part of a column's name. */
  #isInItem(): boolean {
    const { depth, listDepth } = this.#clauses
    if (listDepth < 0 || this.#word === SELECT) return false
    return depth !== listDepth || !this.#afterComma()
  }

  #afterComma(): boolean {
    return this.#last === OPERATOR && this.#word === 0 && this.#operatorByte === 44
  }

  #endsAt(pos: number): boolean {
    return this.#sql.charCodeAt(pos) === 59 && this.#compound?.isOpen !== true
  }

  #comment(pos: number): number {
    const sql = this.#sql
    const isHint = sql.charCodeAt(pos + 2) === 43 && (this.#wordBits & TAKES_HINT) !== 0
    if (!isHint) return this.#blank(pos)
    const end = blockCommentEnd(sql, pos, false)
    return end < 0 ? sql.length : end
  }

  #name(pos: number, first: number): number {
    const sql = this.#sql
    // The hottest loop of all: it stays within the text, for reading past its end is slow.
    const { length } = sql
    let hash = hashStep(0, first)
    let bits = first
    let end = pos + 1
    let c = 0
    while (end < length) {
      c = sql.charCodeAt(end)
      if (!isIdentChar(c)) break
      hash = hashStep(hash, c)
      bits |= c
      end++
    }
    if (c === 46 && end + 1 < length && isIdentChar(sql.charCodeAt(end + 1))) return this.#qualified(end + 1)
    const word = findWord(sql, pos, end, hash)
    if (word === 0) return this.#operand(end)
    return this.#keyword(word, pos, end, (bits & 32) !== 0)
  }

  /** A name behind a point: identifier characters, whatever they spell. */
  #qualified(pos: number): number {
    const sql = this.#sql
    let end = pos
    for (;;) {
      end = identEnd(sql, end)
      if (sql.charCodeAt(end) !== 46 || !isIdentChar(sql.charCodeAt(end + 1))) return this.#operand(end)
      end++
    }
  }

  /** A name, or `N'…'`, `x'…'`, `b'…'`, or a dollar-quoted text. */
  #specialName(pos: number, first: number): number {
    const sql = this.#sql
    if (first === 36) {
      const end = dollarQuotedEnd(sql, pos, this.#serverVersion)
      if (end === 0) return this.#name(pos, first)
      return end < 0 ? this.#unclosed(pos) : this.#operand(end)
    }
    if (sql.charCodeAt(pos + 1) !== 39) return this.#name(pos, first)
    if ((first | 32) === 110) return this.#string(pos, pos + 1)
    const end = this.#literals.itemEnd(pos)
    return end < 0 ? this.#unclosed(pos) : this.#literal(this.#literals.type, pos, end)
  }

  /** A keyword; `mayBeLower` says whether it may hold a letter that is not in upper case. */
  #keyword(word: number, pos: number, end: number, mayBeLower: boolean): number {
    const clauses = this.#clauses
    const bits = this.#classes[word]
    const isFirst = this.#verb === 0
    if (isFirst) this.#leading(word, bits)
    else if (this.#word === FOR && this.#verb === SET) this.#openProgram(word) // SET STATEMENT … FOR, of MariaDB
    const inList = clauses.listDepth >= 0
    clauses.word(word, bits, this.#word)
    this.#compound?.word(wordName(word) as Keyword, {
      depth: clauses.depth,
      previous: wordName(this.#word),
      afterOperand: this.#last === OPERAND,
    })
    const reserved = (bits & RESERVED) !== 0
    const isHidden = !inList || clauses.listDepth < 0
    if (mayBeLower && reserved && isHidden && !this.#keepsText) this.#key.replace(pos, end, wordName(word))
    if (word === ATOMIC && this.#word === NOT && this.#wordBefore === BEGIN) this.#program('body', 'BEGIN')
    // `BINARY CHAR(65)` is an operator and a function, no type of two words.
    const followsType = (this.#wordBits & ENDS_TYPE) !== 0 && this.#word !== BINARY
    this.#wordFollowsOperand = this.#last === OPERAND || followsType
    this.#wordBefore = this.#word
    this.#inLimit = word === LIMIT || (this.#inLimit && word === OFFSET)
    this.#last = isFirst || (bits & (RESERVED | ENDS_OPERAND)) === RESERVED ? OPERATOR : OPERAND
    this.#word = word
    this.#wordBits = bits
    return end
  }

  #leading(word: number, bits: number): void {
    this.#verb = word
    this.#takesLists = (bits & QUERY_VERB) !== 0
    this.#clauses.inQuery = this.#takesLists
    this.#openProgram(word)
  }

  /** At the first keyword of a statement that may hold `;`. */
  #openProgram(word: number): void {
    if (word === CREATE || word === ALTER) this.#program('object')
    else if (isMariaDb(this.#serverVersion) && standsAlone(wordName(word), this.#mode)) this.#program('body')
  }

  /** `first`: a keyword of it that has gone by already. */
  #program(part: 'object' | 'body', first?: Keyword): void {
    this.#keepsText = true
    this.#compound = new CompoundBlocks(part, (this.#mode & ORACLE) !== 0)
    if (first !== undefined) this.#compound.word(first, { depth: 0, previous: '', afterOperand: false })
  }

  #open(pos: number): number {
    const word = this.#word
    if (word !== 0 && this.#takesLists) {
      const end = this.#list(pos, word)
      if (end > 0) return end
    }
    this.#inLimit = false
    this.#clauses.open(word, (this.#wordBits & TYPE) !== 0 && this.#isType())
    this.#last = OPERATOR
    this.#operatorByte = 40
    this.#word = 0
    this.#wordBits = 0
    return pos + 1
  }

  /** The last word, behind which a parenthesis opens, names a type there and not the function CHAR or TIME. */
  #isType(): boolean {
    if (this.#wordFollowsOperand || this.#wordBefore === AS || this.#wordBefore === RETURNING) return true
    const afterComma = this.#wordBefore === 0 && this.#operatorByte === 44
    return afterComma && this.#clauses.depth === this.#clauses.convertDepth
  }

  /** End of the literals in parentheses, at `pos`, behind IN or of INSERT … VALUES; 0 when they are none. */
  #list(pos: number, word: number): number {
    const { depth, positionDepth } = this.#clauses
    const isList = word === IN && depth !== positionDepth
    const isRows =
      (word === VALUES || word === VALUE) && depth === 0 && (this.#verb === INSERT || this.#verb === REPLACE)
    if (!isList && !isRows) return 0
    const cursor = this.#cursor
    const { mark } = cursor
    const reader = new ListReader(cursor, this.#literals)
    const slot = isList ? reader.list(pos) : reader.rows(pos)
    if (slot === undefined) {
      cursor.rewind(mark)
      return 0
    }
    this.#operand(0)
    if (slot.kind === 'list') return this.#key.slot(slot, pos, slot.end + 1, '(:list)')
    const text = `(:rows${slot.width})`
    return isRows
      ? this.#key.slot(slot, pos, slot.end, text)
      : this.#key.slot(slot, pos, cursor.pos + 1, `(${text})`)
  }

  #digits(pos: number): number {
    const sql = this.#sql
    readNumber(sql, pos)
    const { form, end } = number
    if (form === 'Ident') {
      const isQualifier = sql.charCodeAt(end) === 46 && isIdentChar(sql.charCodeAt(end + 1))
      return isQualifier ? this.#qualified(end + 1) : this.#operand(end)
    }
    if (form !== 'Int') return this.#literal(form, pos, end)
    if (this.#decidesPlan(end)) return this.#operand(end)
    return this.#literal(wholeNumberType(sql, pos, end), pos, end)
  }

  /** An integer that ends at `end` and is a column's position in ORDER BY or GROUP BY, or the length of a type. */
  #decidesPlan(end: number): boolean {
    const { depth, typeDepth, itemParens } = this.#clauses
    return depth === typeDepth || (itemParens >= 0 && !this.#goesOn(end, itemParens))
  }

  /** `ORDER BY 1 + a`, `ORDER BY (1, a) = …` hold no position. */
  #goesOn(end: number, itemParens: number): boolean {
    const sql = this.#sql
    let pos = this.#cursor.peekBlanksEnd(end)
    for (let parens = itemParens; parens > 0; parens--) {
      if (sql.charCodeAt(pos) !== 41) return true
      pos = this.#cursor.peekBlanksEnd(pos + 1)
    }
    const c = sql.charCodeAt(pos)
    if (isIdentChar(c)) return (this.#classes[wordAt(sql, pos, identEnd(sql, pos))] & OPERATOR_WORD) !== 0
    return pos < sql.length && c !== 44 && c !== 41 && c !== 59
  }

  /** A string whose quote is at `quote`; `start` differs from it by a prefix. */
  #string(start: number, quote: number): number {
    const { borders } = this.#cursor
    const end = this.#takesOneString() ? this.#literals.oneStringEnd(quote) : this.#literals.stringEnd(quote)
    if (end < 0) return this.#unclosed(start)
    if (this.#clauses.inQuery && this.#isName(start)) return this.#operand(end)
    this.#literal('String', start, end)
    // Strings side by side across a versioned comment's border: their text is no literal, and shares no plan.
    return this.#cursor.borders === borders ? end : this.#key.replace(end, end, '/*!*/')
  }

  /** DATE and its kin, and `->`: behind their string, another one is an alias. */
  #takesOneString(): boolean {
    const word = this.#word
    if (word === 0) return this.#last === OPERATOR && this.#operatorByte === ARROW
    return word === DATE || word === TIME || word === TIMESTAMP
  }

  /** A string without end, or a wrong one, from `start`: no server takes it, and what follows may be a literal. */
  #unclosed(start: number): number {
    const { length } = this.#sql
    this.#operand(length)
    return this.#key.replace(start, length, ':unclosed')
  }

  /** A string that begins at `start` is a name: an alias, a character set or a collation. */
  #isName(start: number): boolean {
    const bits = this.#wordBits
    if (this.#word === 0) return this.#last === OPERAND && !this.#afterIntroducer(start)
    if ((bits & TAKES_NAME) !== 0) return true
    if ((bits & TAKES_STRING_BEHIND_OPERAND) !== 0) return !this.#wordFollowsOperand
    return this.#last === OPERAND && (bits & TAKES_STRING) === 0
  }

  /** The token before `pos` was `_charset`, or the name of an ODBC escape: `{d '…'}`. */
  #afterIntroducer(pos: number): boolean {
    const sql = this.#sql
    let end = pos
    while (isBlank(sql.charCodeAt(end - 1))) end--
    let start = end
    while (isIdentChar(sql.charCodeAt(start - 1))) start--
    if (introducedCharset(sql, start, end) !== '') return sql.charCodeAt(start - 1) !== 46
    let before = start - 1
    while (isBlank(sql.charCodeAt(before))) before--
    return start < end && sql.charCodeAt(before) === 123
  }

  #literal(type: SlotItemType, start: number, end: number): number {
    const inByList = this.#clauses.byDepth >= 0
    this.#operand(end)
    // `USE ks:-80` has no literals: that is a target.
    return this.#verb === USE ? end : this.#key.literal(type, start, end, inByList)
  }

  #quotedName(pos: number, escapes: boolean): number {
    const end = quotedEnd(this.#sql, pos, escapes)
    return this.#operand(end < 0 ? this.#sql.length : end)
  }

  #variable(pos: number): number {
    const sql = this.#sql
    const c = sql.charCodeAt(pos + 1)
    if (c === 39 || c === 34 || c === 96) {
      const isName = c === 96 || (c === 34 && (this.#mode & ANSI_QUOTES) !== 0)
      return this.#quotedName(pos + 1, !isName && (this.#mode & NO_BACKSLASH_ESCAPES) === 0)
    }
    let end = c === 64 ? pos + 2 : pos + 1
    while (isIdentChar(sql.charCodeAt(end)) || sql.charCodeAt(end) === 46) end++
    return this.#operand(end)
  }

  #point(pos: number): number {
    const sql = this.#sql
    const next = sql.charCodeAt(pos + 1)
    if (isDigit(next)) {
      readNumber(sql, pos)
      return this.#literal(number.form === 'Float' ? 'Float' : 'Decimal', pos, number.end)
    }
    return isIdentChar(next) ? this.#qualified(pos + 1) : this.#operator(pos + 1, 46)
  }

  /** A sign belongs to the number behind it where no operand stands before it. */
  #dash(pos: number): number {
    const sql = this.#sql
    if (this.#cursor.atComment(pos)) return this.#blank(pos)
    const c = sql.charCodeAt(pos + 1)
    if (c === 62) return this.#operator(sql.charCodeAt(pos + 2) === 62 ? pos + 3 : pos + 2, ARROW)
    const isNumber = isDigit(c) || (c === 46 && isDigit(sql.charCodeAt(pos + 2)))
    if (!isNumber || this.#last === OPERAND || this.#inLimit) return this.#operator(pos + 1, 45)
    readNumber(sql, pos + 1)
    const { form, end } = number
    const isSigned = (form === 'Int' || form === 'Decimal' || form === 'Float') && !this.#collateFollows(end)
    if (!isSigned) return this.#operator(pos + 1, 45)
    return this.#literal(form === 'Int' ? wholeNumberType(sql, pos + 1, end) : form, pos, end)
  }

  /** COLLATE binds tighter than a sign. */
  #collateFollows(pos: number): boolean {
    const sql = this.#sql
    const start = this.#cursor.peekBlanksEnd(pos)
    if ((sql.charCodeAt(start) | 32) !== 99) return false
    return keywordAt(sql, start, identEnd(sql, start)) === 'COLLATE'
  }

  #colon(pos: number): number {
    if (this.#sql.charCodeAt(pos + 1) === 61) return this.#operator(pos + 2, 61)
    this.#key.replace(pos, pos + 1, '::')
    this.#compound?.colon()
    return this.#operator(pos + 1, 58)
  }

  #semicolon(pos: number): number {
    if (this.#compound?.isOpen === true) {
      this.#compound.semicolon()
      return this.#operator(pos + 1, 59)
    }
    this.#ended = true
    return pos + 1
  }
}
