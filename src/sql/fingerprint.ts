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
} from './chars.ts'
import { introducedCharset } from './charsets.ts'
import { CompoundBlocks } from './compound.ts'
import { isReserved, type Keyword } from './keywords.ts'
import { LiteralReader } from './literal-reader.ts'
import type { RowsSlot, Scan, Slot, SlotItem, SlotItemType } from './scan.ts'
import { NO_BACKSLASH_ESCAPES, type SqlMode } from './sql-mode.ts'
import { TextCursor } from './text-cursor.ts'
import {
  endsOperand,
  endsType,
  isOperatorWord,
  isQueryVerb,
  isTypeWord,
  isUpper,
  mayHoldProgram,
  takesHint,
  takesString,
} from './word-classes.ts'
import { findKeyword, hashStep, keywordAt } from './words.ts'

/**
 * One pass over one statement, from `start` to its `;` or the text's end. Never fails: what no server would accept
 * gives some key, and the parser's error when it is parsed.
 *
 * In the key stand, in place of literals, `:int`, `:dec`, `:float`, `:str`, `:hex`, `:bit`; `(:list)` and `(:rows3)`
 * (rows of width 3) in place of literal lists and rows. A colon that the text itself has is doubled. Blanks and
 * comments become one space, but inside select lists, where they are part of the columns' names, blanks stay.
 */
export function scan(sql: string, mode: SqlMode, serverVersion: number, start = 0): Scan {
  return new Fingerprinter(sql, mode, serverVersion, start).run()
}

/** What the last token was, as far as it decides what the next one means. */
const OPERATOR = 0
const OPERAND = 1

const placeholders: Readonly<Record<SlotItemType, string>> = {
  Int: ':int',
  Decimal: ':dec',
  Float: ':float',
  String: ':str',
  Hex: ':hex',
  Bit: ':bit',
  Null: ':null',
  True: ':true',
  False: ':false',
}

class Fingerprinter {
  readonly #sql: string
  readonly #mode: SqlMode
  readonly #serverVersion: number
  readonly #from: number
  readonly #cursor: TextCursor
  readonly #literals: LiteralReader
  readonly #slots: Slot[] = []
  #key = ''
  /** Text from here to the current position goes into the key as it is. */
  #runStart = 0
  #params = 0
  #depth = 0
  #last: typeof OPERATOR | typeof OPERAND = OPERATOR
  /** The last operator's last byte. */
  #operatorByte = 0
  /** Keyword that was the last token, or ''. */
  #word: Keyword | '' = ''
  /** An operand, or a type, stood before that keyword. */
  #wordFollowsOperand = false
  /** The keyword directly before that keyword, or ''. */
  #wordBefore: Keyword | '' = ''
  /** Leading keyword. */
  #kind = ''
  /** Aliases, IN lists and the like are read as in a query: true but in DDL and administration. */
  #inQuery = false
  /** Lists and rows are taken as one: only where the parser reads all of the statement. */
  #takesLists = false
  /** In CREATE and ALTER blanks, comments and spelling stay: a stored program keeps its text. */
  #keepsText = false
  /** Depth of the outermost select list that we are in, or -1. */
  #listDepth = -1
  /** Depth of the ORDER BY, GROUP BY or PARTITION BY list that we are in, or -1. */
  #byDepth = -1
  /** Depth inside the parentheses of a type, `DECIMAL(10,2)`, or -1. */
  #typeDepth = -1
  /** Depth inside CONVERT(…, type), or -1. */
  #convertDepth = -1
  /** Depth inside POSITION(… IN …), whose IN takes no list, or -1. */
  #positionDepth = -1
  /** In such a list, while only parentheses and plus signs stand since BY or the last comma: the parentheses; or -1. */
  #itemParens = -1
  #bySlots: number[] | undefined
  #compound: CompoundBlocks | undefined
  #ended = false

  constructor(sql: string, mode: SqlMode, serverVersion: number, start: number) {
    this.#sql = sql
    this.#mode = mode
    this.#serverVersion = serverVersion
    this.#from = start
    this.#cursor = new TextCursor(sql, serverVersion, start)
    this.#literals = new LiteralReader(this.#cursor, mode)
  }

  run(): Scan {
    const cursor = this.#cursor
    const { length } = this.#sql
    cursor.skipBlanks()
    const start = cursor.pos
    this.#runStart = start
    while (cursor.pos < length && !this.#ended) cursor.pos = this.#token()
    this.#flush(this.#ended ? cursor.pos - 1 : length)
    const end = Math.min(cursor.pos, length)
    if (this.#ended) cursor.skipBlanks()
    return {
      key: this.#bySlots === undefined ? this.#key : this.#key + this.#equalLiterals(this.#bySlots),
      slots: this.#slots,
      params: this.#params,
      directives: cursor.directives,
      kind: this.#kind,
      from: this.#from,
      start,
      end,
      hasMore: this.#ended && cursor.pos < length,
    }
  }

  /** Adds the pending run, up to `end`, to the key. */
  #flush(end: number): void {
    if (end > this.#runStart) this.#key += this.#sql.slice(this.#runStart, end)
    this.#runStart = end
  }

  /** Puts `text` into the key in place of the source from `start` to `end`; returns `end`. */
  #replace(start: number, end: number, text: string): number {
    this.#flush(start)
    this.#key += text
    this.#runStart = end
    return end
  }

  /** Reads one token or blank and returns the offset behind it. */
  #token(): number {
    const sql = this.#sql
    const { pos } = this.#cursor
    const c = sql.charCodeAt(pos)
    if (isIdentChar(c)) return isDigit(c) ? this.#digits(pos) : this.#name(pos, c)
    switch (c) {
      case 32:
      case 9:
      case 10:
      case 11:
      case 12:
      case 13:
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
        return this.#close(pos)
      case 64: // @
        return this.#variable(pos)
      case 46: // .
        return this.#point(pos)
      case 35: // #
        return this.#blank(pos)
      case 45: // -
        return this.#dash(pos)
      case 47: // /
        return sql.charCodeAt(pos + 1) === 42 ? this.#comment(pos) : this.#operator(pos + 1)
      case 42: // *
        return this.#cursor.atComment() ? this.#blank(pos) : this.#operator(pos + 1)
      case 63: // ?
        this.#params++
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
        return this.#operator(pos + 1)
    }
  }

  #operator(end: number): number {
    this.#last = OPERATOR
    this.#operatorByte = this.#sql.charCodeAt(end - 1)
    this.#word = ''
    if (this.#byDepth >= 0) this.#itemOperator(this.#operatorByte)
    return end
  }

  #itemOperator(byte: number): void {
    if (byte === 44) this.#itemParens = this.#depth === this.#byDepth ? 0 : -1
    else if (byte === 40 && this.#itemParens >= 0) this.#itemParens++
    else if (byte !== 43) this.#itemParens = -1
  }

  #operand(end: number): number {
    this.#itemParens = -1
    this.#last = OPERAND
    this.#word = ''
    return end
  }

  /** Blanks and comments at `pos`: one space in the key, or in a select list the blanks as they are. */
  #blank(pos: number): number {
    const sql = this.#sql
    const cursor = this.#cursor
    const isSpace = sql.charCodeAt(pos) === 32
    if (isSpace && isIdentChar(sql.charCodeAt(pos + 1))) return pos + 1
    let kept = pos
    cursor.stopsAtHint = takesHint(this.#word)
    if (this.#keepsBlanks()) while (isBlank(sql.charCodeAt(kept))) kept++
    cursor.pos = kept
    cursor.skipBlanks()
    const end = cursor.pos
    // An unclosed comment takes the rest of the text, and is kept, for it decides the error.
    if (end === pos) return sql.length
    if (end >= sql.length || this.#endsAt(end)) return this.#replace(pos, end, '')
    if (this.#keepsText) return end
    if (kept > pos) return end === kept ? end : this.#replace(kept, end, '')
    return isSpace && end === pos + 1 ? end : this.#replace(pos, end, ' ')
  }

  /** Inside a select item, where blanks are part of a column's name. */
  #keepsBlanks(): boolean {
    if (this.#listDepth < 0 || this.#word === 'SELECT') return false
    return this.#depth !== this.#listDepth || !this.#afterComma()
  }

  #afterComma(): boolean {
    return this.#last === OPERATOR && this.#word === '' && this.#operatorByte === 44
  }

  #endsAt(pos: number): boolean {
    return this.#sql.charCodeAt(pos) === 59 && this.#compound?.isOpen !== true
  }

  #comment(pos: number): number {
    const sql = this.#sql
    if (sql.charCodeAt(pos + 2) !== 43 || !takesHint(this.#word)) return this.#blank(pos)
    const end = blockCommentEnd(sql, pos, false)
    return end < 0 ? sql.length : end
  }

  #name(pos: number, first: number): number {
    const sql = this.#sql
    if (sql.charCodeAt(pos + 1) === 39) {
      const end = this.#prefixedString(pos, first | 32)
      if (end > 0) return end
    }
    if (first === 36) {
      const end = dollarQuotedEnd(sql, pos, this.#serverVersion)
      if (end !== 0) return this.#operand(end < 0 ? sql.length : end)
    }
    // The hottest loop of all: it stays within the text, for reading past its end is slow.
    const { length } = sql
    let hash = hashStep(0, first)
    let end = pos + 1
    while (end < length) {
      const c = sql.charCodeAt(end)
      if (!isIdentChar(c)) break
      hash = hashStep(hash, c)
      end++
    }
    if (end + 1 < length && sql.charCodeAt(end) === 46 && isIdentChar(sql.charCodeAt(end + 1))) {
      return this.#qualified(end + 1)
    }
    const word = findKeyword(sql, pos, end, hash)
    if (word === '') return this.#operand(end)
    return this.#keyword(word, pos, end)
  }

  /** A name behind a point: identifier characters, whatever they spell. */
  #qualified(pos: number): number {
    const sql = this.#sql
    let end = pos
    while (isIdentChar(sql.charCodeAt(end))) end++
    if (sql.charCodeAt(end) === 46 && isIdentChar(sql.charCodeAt(end + 1))) return this.#qualified(end + 1)
    return this.#operand(end)
  }

  /** `N'…'`, `x'…'`, `b'…'`: their end, or 0 for another letter before a quote. */
  #prefixedString(pos: number, letter: number): number {
    if (letter === 110) return this.#string(pos, pos + 1)
    if (letter !== 120 && letter !== 98) return 0
    const end = this.#literals.itemEnd(pos)
    return end < 0 ? this.#operand(this.#sql.length) : this.#literal(this.#literals.type, pos, end)
  }

  #keyword(word: Keyword, pos: number, end: number): number {
    const isFirst = this.#kind === ''
    if (isFirst) this.#leading(word)
    const inList = this.#listDepth >= 0
    this.#clause(word)
    this.#compound?.word(word, {
      isFirstLevel: this.#depth === 0,
      afterOperand: this.#last === OPERAND && this.#word === '',
    })
    this.#itemParens = word === 'BY' && this.#byDepth === this.#depth ? 0 : -1
    const reserved = isReserved(word, this.#serverVersion)
    const isHidden = !inList || this.#listDepth < 0
    if (reserved && isHidden && !this.#keepsText && !isUpper(this.#sql, pos, end))
      this.#replace(pos, end, word)
    if (word === 'ATOMIC' && this.#kind === 'BEGIN' && this.#word === 'NOT') this.#atomicBlock()
    this.#wordFollowsOperand = this.#last === OPERAND || endsType(this.#word)
    this.#wordBefore = this.#word
    this.#last = isFirst || (reserved && !endsOperand(word)) ? OPERATOR : OPERAND
    this.#word = word
    return end
  }

  #leading(word: Keyword): void {
    this.#kind = word
    this.#inQuery = isQueryVerb(word)
    this.#takesLists = this.#inQuery
    this.#keepsText = mayHoldProgram(word)
    this.#compound = this.#keepsText ? new CompoundBlocks() : undefined
  }

  /** BEGIN NOT ATOMIC of MariaDB. */
  #atomicBlock(): void {
    this.#keepsText = true
    this.#compound = new CompoundBlocks()
    this.#compound.openBlock()
  }

  /** Keeps track of the clause that we are in. */
  #clause(word: Keyword): void {
    switch (word) {
      case 'SELECT':
        this.#inQuery = true
        if (this.#listDepth < 0) this.#listDepth = this.#depth
        this.#leaveBy()
        break
      case 'RETURNING':
        if (this.#listDepth < 0) this.#listDepth = this.#depth
        this.#leaveBy()
        break
      case 'BY':
        if (this.#word === 'ORDER' || this.#word === 'GROUP' || this.#word === 'PARTITION')
          this.#byDepth = this.#depth
        break
      case 'FROM':
      case 'WHERE':
      case 'GROUP':
      case 'ORDER':
      case 'HAVING':
      case 'LIMIT':
      case 'INTO':
      case 'FOR':
      case 'LOCK':
      case 'UNION':
      case 'EXCEPT':
      case 'INTERSECT':
      case 'WINDOW':
      case 'QUALIFY':
      case 'PROCEDURE':
      case 'ROWS':
      case 'RANGE':
      case 'GROUPS':
      case 'SEPARATOR':
      case 'SET':
        if (this.#depth === this.#listDepth) this.#listDepth = -1
        this.#leaveBy()
        break
      default:
    }
  }

  #leaveBy(): void {
    if (this.#depth === this.#byDepth) this.#byDepth = -1
  }

  #open(pos: number): number {
    const word = this.#word
    this.#depth++
    if (word !== '' && this.#takesLists) {
      const isRows = (word === 'VALUES' || word === 'VALUE') && this.#depth === 1
      const isList = word === 'IN' && this.#depth - 1 !== this.#positionDepth
      const end = isRows ? this.#rows(pos) : isList ? this.#list(pos) : 0
      if (end > 0) return end
      if (word === 'POSITION') this.#positionDepth = this.#depth
    }
    if (isTypeWord(word) && this.#isType()) this.#typeDepth = this.#depth
    if (word === 'CONVERT') this.#convertDepth = this.#depth
    if (word === 'ROLLUP' && this.#byDepth === this.#depth - 1) {
      this.#byDepth = this.#depth
      this.#operator(pos + 1)
      this.#itemParens = 0
      return pos + 1
    }
    return this.#operator(pos + 1)
  }

  /** The last word, behind which a parenthesis has opened, names a type there and not the function CHAR or TIME. */
  #isType(): boolean {
    if (this.#wordFollowsOperand || this.#wordBefore === 'AS' || this.#wordBefore === 'RETURNING') return true
    const afterComma = this.#wordBefore === '' && this.#operatorByte === 44
    return afterComma && this.#depth - 1 === this.#convertDepth
  }

  #close(pos: number): number {
    if (this.#depth === this.#convertDepth) this.#convertDepth = -1
    if (this.#depth === this.#typeDepth) this.#typeDepth = -1
    if (this.#depth === this.#positionDepth) this.#positionDepth = -1
    if (this.#depth > 0) this.#depth--
    if (this.#depth < this.#listDepth) this.#listDepth = -1
    if (this.#depth < this.#byDepth) this.#byDepth = -1
    return this.#operand(pos + 1)
  }

  /** End of `(literals)` behind IN, also of tuples of literals; 0 when it holds anything else. */
  #list(pos: number): number {
    const cursor = this.#cursor
    const items: SlotItem[] = []
    cursor.pos = pos + 1
    cursor.skipBlanks()
    if (this.#sql.charCodeAt(cursor.pos) === 40) return this.#tuples(pos)
    if (!this.#literals.readList(items)) return 0
    const end = cursor.pos
    this.#slots.push({ kind: 'list', start: pos + 1, end, items })
    return this.#parenthesised(pos, end + 1, '(:list)')
  }

  /** The cursor is at the first tuple of the list opened at `pos`. */
  #tuples(pos: number): number {
    const slot = this.#readRows()
    const cursor = this.#cursor
    cursor.skipBlanks()
    if (slot === undefined || slot.width < 2 || this.#sql.charCodeAt(cursor.pos) !== 41) return 0
    this.#slots.push(slot)
    return this.#parenthesised(pos, cursor.pos + 1, `((:rows${slot.width}))`)
  }

  /** End of the rows of INSERT … VALUES; 0 when they are not all literals. */
  #rows(pos: number): number {
    if (this.#kind !== 'INSERT' && this.#kind !== 'REPLACE') return 0
    this.#cursor.pos = pos
    const slot = this.#readRows()
    if (slot === undefined) return 0
    this.#slots.push(slot)
    return this.#parenthesised(pos, slot.end, `(:rows${slot.width})`)
  }

  #readRows(): RowsSlot | undefined {
    const cursor = this.#cursor
    const start = cursor.pos
    const items: SlotItem[] = []
    const rowSpans: number[] = []
    if (!this.#literals.readRows(items, rowSpans)) return undefined
    return {
      kind: 'rows',
      start,
      end: cursor.pos,
      width: (2 * items.length) / rowSpans.length,
      items,
      rowSpans,
    }
  }

  /** What began with a parenthesis at `start` is closed again. */
  #parenthesised(start: number, end: number, text: string): number {
    this.#depth--
    this.#operand(end)
    return this.#replace(start, end, text)
  }

  #digits(pos: number): number {
    const sql = this.#sql
    readNumber(sql, pos)
    const { form, end } = number
    if (form === 'Ident') {
      const isQualifier = sql.charCodeAt(end) === 46 && isIdentChar(sql.charCodeAt(end + 1))
      return isQualifier ? this.#qualified(end + 1) : this.#operand(end)
    }
    return form === 'Int' && this.#decidesPlan(end) ? this.#operand(end) : this.#literal(form, pos, end)
  }

  /** An integer that ends at `end` and is a column's position in ORDER BY or GROUP BY, or the length of a type. */
  #decidesPlan(end: number): boolean {
    if (this.#depth === this.#typeDepth) return true
    return this.#itemParens >= 0 && !this.#goesOn(end)
  }

  /** `ORDER BY 1 + a`, `ORDER BY (1, a) = …` hold no position. */
  #goesOn(end: number): boolean {
    const sql = this.#sql
    let pos = this.#cursor.peekBlanksEnd(end)
    for (let parens = this.#itemParens; parens > 0; parens--) {
      if (sql.charCodeAt(pos) !== 41) return true
      pos = this.#cursor.peekBlanksEnd(pos + 1)
    }
    const c = sql.charCodeAt(pos)
    if (isIdentChar(c)) return isOperatorWord(keywordAt(sql, pos, identEnd(sql, pos)))
    return pos < sql.length && c !== 44 && c !== 41 && c !== 59
  }

  /** A string whose quote is at `quote`; `start` differs from it by a prefix. */
  #string(start: number, quote: number): number {
    const end = this.#literals.stringEnd(quote)
    if (end < 0) return this.#operand(this.#sql.length)
    return this.#inQuery && this.#isName() ? this.#operand(end) : this.#literal('String', start, end)
  }

  /** A string here is a name: an alias, a character set or a collation. */
  #isName(): boolean {
    switch (this.#word) {
      case '':
        return this.#last === OPERAND && !this.#afterIntroducer()
      case 'AS':
      case 'SET':
      case 'COLLATE':
      case 'USING':
      case 'NAMES':
      case 'INTO':
        return true
      case 'ESCAPE':
      case 'PATH':
      case 'ZONE':
        // Behind an operand: LIKE 'a' ESCAPE 'b', INT PATH '$', TIME ZONE '…'; otherwise a column with an alias.
        return !this.#wordFollowsOperand
      default:
        return this.#last === OPERAND && !takesString(this.#word)
    }
  }

  /** The last token was `_charset`, or the name of an ODBC escape: `{d '…'}`. */
  #afterIntroducer(): boolean {
    const sql = this.#sql
    let end = this.#cursor.pos
    while (isBlank(sql.charCodeAt(end - 1))) end--
    let start = end
    while (isIdentChar(sql.charCodeAt(start - 1))) start--
    if (introducedCharset(sql, start, end) !== '') return sql.charCodeAt(start - 1) !== 46
    let pos = start - 1
    while (isBlank(sql.charCodeAt(pos))) pos--
    return start < end && sql.charCodeAt(pos) === 123
  }

  #literal(type: SlotItemType, start: number, end: number): number {
    // `USE ks:-80` has no literals: that is a target.
    if (this.#kind === 'USE') return this.#operand(end)
    if (this.#byDepth >= 0) {
      this.#bySlots ??= []
      this.#bySlots.push(this.#slots.length)
    }
    this.#slots.push({ kind: 'literal', type, start, end })
    this.#operand(end)
    return this.#replace(start, end, placeholders[type])
  }

  #quotedName(pos: number, escapes: boolean): number {
    const end = quotedEnd(this.#sql, pos, escapes)
    return this.#operand(end < 0 ? this.#sql.length : end)
  }

  #variable(pos: number): number {
    const sql = this.#sql
    const c = sql.charCodeAt(pos + 1)
    if (c === 39 || c === 34 || c === 96) {
      return this.#quotedName(pos + 1, c !== 96 && (this.#mode & NO_BACKSLASH_ESCAPES) === 0)
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
    return isIdentChar(next) ? this.#qualified(pos + 1) : this.#operator(pos + 1)
  }

  /** A sign belongs to the number behind it where no operand stands before it. */
  #dash(pos: number): number {
    const sql = this.#sql
    if (this.#cursor.atComment()) return this.#blank(pos)
    const c = sql.charCodeAt(pos + 1)
    const isNumber = isDigit(c) || (c === 46 && isDigit(sql.charCodeAt(pos + 2)))
    if (!isNumber || this.#last === OPERAND) return this.#operator(pos + 1)
    readNumber(sql, pos + 1)
    const { form, end } = number
    const isSigned = (form === 'Int' || form === 'Decimal' || form === 'Float') && !this.#collateFollows(end)
    return isSigned ? this.#literal(form, pos, end) : this.#operator(pos + 1)
  }

  /** COLLATE binds tighter than a sign. */
  #collateFollows(pos: number): boolean {
    const sql = this.#sql
    const start = this.#cursor.peekBlanksEnd(pos)
    if ((sql.charCodeAt(start) | 32) !== 99) return false
    return keywordAt(sql, start, identEnd(sql, start)) === 'COLLATE'
  }

  #colon(pos: number): number {
    if (this.#sql.charCodeAt(pos + 1) === 61) return this.#operator(pos + 2)
    this.#replace(pos, pos + 1, '::')
    this.#compound?.colon()
    return this.#operator(pos + 1)
  }

  #semicolon(pos: number): number {
    if (this.#compound?.isOpen === true) {
      this.#compound.semicolon()
      return this.#operator(pos + 1)
    }
    this.#ended = true
    return pos + 1
  }

  /**
   * Literals in ORDER BY or GROUP BY may have to equal others for a plan to hold (SELECT a+1 … GROUP BY a+1): which
   * ones are the same text becomes part of the key.
   */
  #equalLiterals(bySlots: readonly number[]): string {
    const firstOf = new Map<string, number>()
    const wanted = new Set<string>()
    const textOf = (index: number): string =>
      this.#sql.slice(this.#slots[index].start, this.#slots[index].end)
    for (const index of bySlots) wanted.add(textOf(index))
    let suffix = ''
    for (let i = 0; i < this.#slots.length; i++) {
      if (this.#slots[i].kind !== 'literal') continue
      const text = textOf(i)
      if (!wanted.has(text)) continue
      const first = firstOf.get(text)
      if (first === undefined) firstOf.set(text, i)
      else suffix += ` /* :${first}=:${i} */`
    }
    return suffix
  }
}
