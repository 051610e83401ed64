import type { LiteralType, Piece } from '../ast.ts'
import type { Tokens } from '../lexer.ts'
import { literalType } from '../literal-type.ts'
import type { TokenStream } from './token-stream.ts'

/**
 * Source text of the tokens from number `from` up to `to`: as it stands, unless a versioned comment begins or ends
 * within; then token by token. `adjacent`: with what stands before the first token.
 */
export function sourceText(p: TokenStream, from: number, to: number, form?: 'adjacent'): string {
  if (from >= to) return ''
  const { starts, ends } = p.tokens
  const start = form === 'adjacent' && from > 0 ? ends[from - 1] : starts[from]
  if (isWhole(p, start, ends[to - 1])) return p.sql.slice(start, ends[to - 1])
  let text = start < starts[from] ? ' ' : ''
  for (let i = from; i < to; i++) {
    if (i > from && ends[i - 1] < starts[i]) text += ' '
    text += p.sql.slice(starts[i], ends[i])
  }
  return text
}

/** Every versioned comment is either in this range, with both its ends, or outside. */
function isWhole(p: TokenStream, start: number, end: number): boolean {
  const { versioned } = p.tokens
  const first = versioned[versionedEndingBehind(versioned, start)]
  if (first === undefined || first.start >= end) return true
  const last = versioned[versionedEndingBehind(versioned, end)]
  return first.start >= start && (last === undefined || last.start >= end)
}

/** Number of the first versioned comment that ends behind `offset`: they follow one another. */
export function versionedEndingBehind(versioned: Tokens['versioned'], offset: number): number {
  let low = 0
  let high = versioned.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (versioned[middle].end > offset) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * Collects a statement that is passed on word for word, with nodes in it: `open` takes the text up to a node's first
 * token, `close` the node, `finish` the rest. Literals that have a slot become nodes by themselves.
 */
export class PieceBuilder {
  readonly #p: TokenStream
  readonly #pieces: Piece[] = []
  /** Number of the first token that is in no piece yet. */
  #from: number

  constructor(p: TokenStream, from: number) {
    this.#p = p
    this.#from = from
  }

  /** A node is about to be read from the token number `from` on; the text before it is taken. */
  open(from: number): void {
    this.#copy(from)
    this.#space(from)
  }

  /** The node has been read, up to the current token. */
  close(node: Piece): void {
    this.#pieces.push(node)
    this.#from = this.#p.pos
  }

  /** Reads a node and makes it a piece. */
  take<T extends Exclude<Piece, string>>(parse: (p: TokenStream) => T): T {
    this.open(this.#p.pos)
    const node = parse(this.#p)
    this.close(node)
    return node
  }

  /** All pieces up to token number `to`. */
  upTo(to: number): readonly Piece[] {
    this.#copy(to)
    return [...this.#pieces]
  }

  finish(): readonly Piece[] {
    this.#copy(this.#p.pos)
    // Without what follows them, two operators would be a comment.
    const last = this.#pieces.at(-1)
    if (typeof last === 'string' && last.endsWith('--') && this.#p.peekWord(-1) === '-')
      this.#pieces.splice(-1, 1, `${last.slice(0, -1)} -`)
    return this.#pieces
  }

  #copy(to: number): void {
    const { starts } = this.#p.tokens
    let from = this.#from
    for (let i = from; i < to; i++) {
      if (!this.#isSlot(starts[i])) continue
      this.#push(from, i)
      i = this.#literal(i)
      from = i + 1
    }
    this.#push(from, to)
    this.#from = to
  }

  /** A literal with a slot begins at `start`, and its text may stand by itself. */
  #isSlot(start: number): boolean {
    const slot = this.#p.slotAt(start)
    if (slot === undefined || this.#p.slotKindAt(start) !== 'literal') return false
    return this.#p.isUnbroken(start, this.#p.slotEnd(slot))
  }

  /** The literal with a slot at token `at`, as a node; returns its last token. */
  #literal(at: number): number {
    const p = this.#p
    const { starts, ends, types } = p.tokens
    const start = starts[at]
    const slot = p.takeSlot(start)
    const slotEnd = slot === undefined ? ends[at] : p.slotEnd(slot)
    let last = at
    while (ends[last] < slotEnd) last++
    const span = { start, end: ends[last] }
    const text = p.sql.slice(start, span.end)
    const type = literalType(types[last] === 'National' ? 'String' : (types[last] as LiteralType), text)
    this.#space(at)
    this.#pieces.push(
      slot === undefined
        ? { kind: 'Literal', type, text, span }
        : { kind: 'Literal', type, text, slot, span },
    )
    return last
  }

  /** What stands before token `at`: blanks and comments as they are; one space where a quote stood between words. */
  #space(at: number): void {
    const { starts, ends, types } = this.#p.tokens
    if (this.#pieces.length === 0 || at === 0) return
    const whole = isWhole(this.#p, ends[at - 1], starts[at])
    const gap = whole ? this.#p.sql.slice(ends[at - 1], starts[at]) : ' '
    // A leading point (MariaDB's `TABLE.t`) is lost like a quote.
    const losesFirst = types[at] === 'Quoted' || this.#p.tokens.words[at] === '.'
    const joins = gap === '' && types[at - 1] === 'Ident' && losesFirst
    if (gap !== '' || joins) this.#pieces.push(joins ? ' ' : gap)
  }

  #push(from: number, to: number): void {
    if (from >= to) return
    const { starts, ends, types } = this.#p.tokens
    const text = sourceText(this.#p, from, to, 'adjacent')
    const isFirst = this.#pieces.length === 0
    // A name may lose its quotes or get some: it must not run into what is behind it.
    const isAfterName = !isFirst && (types[from - 1] === 'Quoted' || types[from] === 'Quoted')
    const joins = isAfterName && types[from] !== 'Operator' && ends[from - 1] === starts[from]
    this.#pieces.push(isFirst ? text.trimStart() : joins ? ` ${text}` : text)
  }
}
