import { SqlError } from '../../errors/sql-error.ts'
import type { Literal, LiteralType, Span } from '../ast.ts'
import { introducedCharset } from '../charsets.ts'
import { isMariaDb, mayBeName } from '../keywords.ts'
import { type Tokens, type TokenType, tokenize, type Word } from '../lexer.ts'
import { literalType } from '../literal-type.ts'
import { stringText } from '../literal-value.ts'
import { nearText } from '../near-text.ts'
import type { Scan } from '../scan.ts'
import { ORACLE, type SqlMode } from '../sql-mode.ts'
import { decodeBinary, unquote } from '../text.ts'
import { sourceText, versionedEndingBehind } from './verbatim.ts'

export interface ParseOptions {
  readonly mode: SqlMode
  /** As in 80036 (MySQL 8.0.36) or 101106 (MariaDB 10.11.6). */
  readonly serverVersion: number
  /**
   * Whether `?` may stand for a value; a plain COM_QUERY text must not have one. 'named': `:name` and `::list` may, too,
   * as in vtgate's normalised statements. Default true.
   */
  readonly allowParams?: boolean | 'named'
  /**
   * What to think of the parts of a statement that are passed on word for word: 'trust' leaves their mistakes to the
   * server, which is what a proxy wants; 'check' finds them without one. Default 'trust'.
   */
  readonly passedOn?: 'trust' | 'check'
}

/**
 * How deep parentheses, subqueries and calls may nest. Far above what people write, and low enough that no walk over the
 * tree can exhaust the stack.
 */
export const NESTING_MAX = 1000

/**
 * How many operators or joins one chain (`a + b + c`) may have, which nests to the left; AND, OR and UNION, whose chains
 * are flat, have no such bound. MySQL itself ends between 2000 and 4000, with the same error, at its default thread_stack.
 */
export const CHAIN_MAX = 1500

/** Nesting and chains share one budget of this size. */
const DEPTH_BUDGET = 3000
const LEVEL_COST = DEPTH_BUDGET / NESTING_MAX
const LINK_COST = DEPTH_BUDGET / CHAIN_MAX

/** A statement's tokens with a current position, and what reading them needs to know. */
export class TokenStream {
  readonly sql: string
  readonly options: ParseOptions
  readonly tokens: Tokens
  /** Number of the current token. */
  pos = 0
  /** Number of subqueries that we are in. */
  subqueries = 0
  #params = 0
  #nesting = 0
  readonly #start: number
  readonly #scan: Scan | undefined
  /** Slot numbers by the offset where the slot's text begins; each is taken once. */
  readonly #slotAt = new Map<number, number>()

  /** `tokens`: those of the text, where they are known already. */
  constructor(sql: string, options: ParseOptions, scan?: Scan, tokens?: Tokens) {
    this.sql = sql
    this.options = options
    this.#scan = scan
    this.#start = scan?.from ?? 0
    this.tokens = tokens ?? tokenize(sql, options, scan?.from, scan?.end)
    scan?.slots.forEach((slot, index) => {
      this.#slotAt.set(slot.start, index)
    })
  }

  get type(): TokenType {
    return this.tokens.types[this.pos]
  }

  /** The current keyword (upper case) or operator, or ''. */
  get word(): Word | '' {
    return this.tokens.words[this.pos]
  }

  get start(): number {
    return this.tokens.starts[this.pos]
  }

  /** End of the token before the current one. */
  get lastEnd(): number {
    return this.pos === 0 ? this.start : this.tokens.ends[this.pos - 1]
  }

  /** Slots that no node has taken yet: none when the parser and the fingerprint agree. */
  get openSlots(): number {
    return this.#slotAt.size
  }

  peekWord(ahead = 1): Word | '' {
    return this.tokens.words[Math.min(this.pos + ahead, this.tokens.words.length - 1)]
  }

  peekType(ahead = 1): TokenType {
    return this.tokens.types[Math.min(this.pos + ahead, this.tokens.types.length - 1)]
  }

  /** Source of the current token. */
  get text(): string {
    return this.sql.slice(this.start, this.tokens.ends[this.pos])
  }

  at(word: Word): boolean {
    return this.word === word
  }

  /** The current word and the next one. */
  at2(first: Word, second: Word): boolean {
    return this.word === first && this.peekWord() === second
  }

  advance(count = 1): void {
    this.pos += count
  }

  accept(word: Word): boolean {
    if (this.word !== word) return false
    this.pos++
    return true
  }

  accept2(first: Word, second: Word): boolean {
    if (!this.at2(first, second)) return false
    this.pos += 2
    return true
  }

  expect(word: Word): void {
    if (this.word !== word) this.fail()
    this.pos++
  }

  /** Takes the current word when it is one of `words`. */
  acceptOneOf<W extends Word>(words: readonly W[]): W | undefined {
    const { word } = this
    if (word === '') return undefined
    for (const candidate of words) {
      if (candidate !== word) continue
      this.pos++
      return candidate
    }
    return undefined
  }

  expectOneOf<W extends Word>(words: readonly W[]): W {
    return this.acceptOneOf(words) ?? this.fail()
  }

  spanFrom(start: number): Span {
    return { start, end: this.lastEnd }
  }

  /** MySQL's error 1064 at the current token. */
  fail(): never {
    return this.failAt(this.start)
  }

  failAt(offset: number): never {
    let line = 1
    for (
      let at = this.sql.indexOf('\n', this.#start);
      at >= 0 && at < offset;
      at = this.sql.indexOf('\n', at + 1)
    )
      line++
    throw new SqlError(
      'ER_PARSE_ERROR',
      'You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version ' +
        `for the right syntax to use near '${nearText(this.sql, offset, this.options.serverVersion)}' at line ${line}`,
    )
  }

  /** Goes one level deeper; every call is paired with `leave`, but on an error. */
  enter(): void {
    this.#deepen(LEVEL_COST)
  }

  leave(): void {
    this.#nesting -= LEVEL_COST
  }

  /** A chain of operators grows by one. */
  link(): void {
    this.#deepen(LINK_COST)
  }

  /** A chain ends that had so many links. */
  unlink(links: number): void {
    this.#nesting -= links * LINK_COST
  }

  #deepen(cost: number): void {
    this.#nesting += cost
    if (this.#nesting <= DEPTH_BUDGET) return
    throw new SqlError(
      'ER_STACK_OVERRUN_NEED_MORE',
      `The statement is nested deeper than ${NESTING_MAX} levels, or a chain of operators is longer than ${CHAIN_MAX}`,
    )
  }

  /** The current token may be taken as an identifier. */
  atIdentifier(ahead = 0): boolean {
    const type = this.peekType(ahead)
    if (type === 'Quoted') return true
    if (type !== 'Ident') return false
    const word = this.peekWord(ahead)
    if (word === '') return !this.#isIntroducer(this.pos + ahead)
    if (word === 'MINUS' && isOracle(this.options)) return false
    return mayBeName(word, this.options.serverVersion)
  }

  /** `_utf8mb4` introduces a string and is never a name, but directly behind a point or `@@`. */
  #isIntroducer(token: number): boolean {
    const start = this.tokens.starts[token]
    if (this.sql.charCodeAt(start) !== 95) return false
    const before = this.tokens.words[token - 1]
    if ((before === '.' || before === '@@') && this.tokens.ends[token - 1] === start) return false
    return introducedCharset(this.sql, start, this.tokens.ends[token], this.options.serverVersion) !== ''
  }

  identifier(): string {
    if (!this.atIdentifier()) this.fail()
    return this.takeName()
  }

  /** The current token as a name, reserved or not. */
  takeName(): string {
    const { text } = this
    const name = this.type === 'Quoted' ? unquote(text) : decodeBinary(text)
    this.pos++
    return name
  }

  /** An identifier, or a string in its place. */
  identifierOrString(): string {
    if (this.type !== 'String') return this.identifier()
    const name = stringText(this.text, this.options.mode)
    this.pos++
    return name
  }

  /** `?`: its node's index. */
  takeParam(): number {
    if (this.options.allowParams === false) this.fail()
    this.pos++
    return this.#params++
  }

  /** `:name`, or with `list` `::name`, both without blanks, where such are allowed. */
  atBindVariable(list?: 'list'): boolean {
    if (this.options.allowParams !== 'named' || !this.at(':')) return false
    const colons = list === undefined ? 1 : 2
    if (list !== undefined && this.peekWord() !== ':') return false
    const { starts } = this.tokens
    return this.peekType(colons) === 'Ident' && starts[this.pos + colons] === this.start + colons
  }

  /** Number of the slot whose text begins at `offset`, if there is one. */
  slotAt(offset: number): number | undefined {
    return this.#slotAt.get(offset)
  }

  /** As slotAt, for good: a slot belongs to one node. */
  takeSlot(offset: number): number | undefined {
    const slot = this.#slotAt.get(offset)
    if (slot !== undefined) this.#slotAt.delete(offset)
    return slot
  }

  /** Takes the list or rows that begin at `offset`, and moves behind their text. */
  takeSlotText(offset: number): number | undefined {
    const slot = this.takeSlot(offset)
    if (slot === undefined || this.#scan === undefined) return undefined
    const { end } = this.#scan.slots[slot]
    while (this.start < end && this.type !== 'End') this.pos++
    return slot
  }

  /** End of a slot's text. */
  slotEnd(slot: number): number {
    return this.#scan?.slots[slot].end ?? 0
  }

  /** Kind of the slot at `offset`. */
  slotKindAt(offset: number): 'literal' | 'list' | 'rows' | undefined {
    const slot = this.#slotAt.get(offset)
    return slot === undefined ? undefined : this.#scan?.slots[slot].kind
  }

  /** The slot of a literal, which is all of it: otherwise it stays open, and the tree is for this text alone. */
  #literalSlot(start: number, end: number): number | undefined {
    const slot = this.#slotAt.get(start)
    const found = slot === undefined ? undefined : this.#scan?.slots[slot]
    const isAll = found?.kind === 'literal' && found.end === end && this.isUnbroken(start, end)
    return isAll ? this.takeSlot(start) : undefined
  }

  /** No versioned comment begins or ends between the two offsets. */
  isUnbroken(start: number, end: number): boolean {
    const { versioned } = this.tokens
    if (versioned.length === 0) return true
    const first = versioned[versionedEndingBehind(versioned, start)]
    if (first === undefined || first.start >= end) return true
    return first.start <= start && first.end >= end
  }

  /** Literal from the source between `start` and the last token, with its slot. */
  literal(tokenType: LiteralType, start: number): Literal {
    const span = this.spanFrom(start)
    const text = this.isUnbroken(start, span.end)
      ? this.sql.slice(start, span.end)
      : sourceText(this, this.tokens.starts.lastIndexOf(start, this.pos), this.pos)
    const type = literalType(tokenType, text)
    const slot = this.#literalSlot(start, span.end)
    return slot === undefined
      ? { kind: 'Literal', type, text, span }
      : { kind: 'Literal', type, text, slot, span }
  }
}

/** MariaDB reads in the dialect of Oracle. */
export function isOracle({ mode, serverVersion }: ParseOptions): boolean {
  return (mode & ORACLE) !== 0 && isMariaDb(serverVersion)
}

/** A node from its fields, those that are undefined left out. */
export function make<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  const node: Partial<T> = {}
  // No array of entries: this is the parser's hottest function.
  for (const key in fields) {
    const value = fields[key]
    if (value !== undefined) node[key] = value
  }
  return node as T
}
