import { assert } from '../base/assert.ts'
import type { QueryPiece, QueryTemplate, QueryText } from '../plan/text.ts'
import { valueLiteral } from '../values/sql-literal.ts'
import type { Bindings, BoundQuery, BoundText } from './bindings.ts'
import { outerRowsOf } from './outer-rows.ts'
import { bindLimitSum } from './plan-value.ts'

const verbatim: BoundQuery = { kind: 'Verbatim' }

/** The statement that a shard gets in this execution. */
export function bindQuery(query: QueryText, bindings: Bindings): BoundQuery {
  return query.kind === 'Verbatim' ? verbatim : bindTemplate(query.template, bindings)
}

/** Puts the literals' own source text into the template; `?` stay, in the order that `params` tells. */
export function bindTemplate(template: QueryTemplate, bindings: Bindings): BoundText {
  const text = new TextBinder(bindings)
  text.append(template)
  return text.finish()
}

/** The same, with the params' values as literals in their places. */
export function bindLiterally(query: QueryText, bindings: Bindings): BoundText {
  assert(query.kind === 'Template', 'the client asks with its own params')
  const text = new TextBinder(bindings, { areLiterals: true })
  text.append(query.template)
  return text.finish()
}

/** Assembles SQL text from templates, and notes which params its `?` stand for. */
export class TextBinder {
  readonly #bindings: Bindings
  readonly #parts: string[] = []
  readonly #params: number[] = []
  readonly #areLiterals: boolean
  readonly #isDescribed: boolean

  /** `isDescribed`: it is not for running, and no expression has been computed. */
  constructor(bindings: Bindings, { areLiterals = false, isDescribed = false } = {}) {
    this.#bindings = bindings
    this.#areLiterals = areLiterals
    this.#isDescribed = isDescribed
  }

  append(template: QueryTemplate): void {
    for (const piece of template) this.appendPiece(piece)
  }

  appendPiece(piece: QueryPiece): void {
    if (typeof piece === 'string') {
      this.#parts.push(piece)
    } else if ('slot' in piece) {
      this.#parts.push(this.#bindings.slotText(piece.slot))
    } else if ('computed' in piece) {
      if (this.#isDescribed) return this.append(piece.computed)
      this.#parts.push(valueLiteral(this.#bindings.computedValue(piece.computed), 'utf8mb4'))
    } else if ('param' in piece) {
      if (this.#areLiterals) return void this.#parts.push(this.#bindings.paramText(piece.param))
      this.#parts.push('?')
      this.#params.push(piece.param)
    } else if ('session' in piece) {
      this.#parts.push(this.#bindings.sessionText(piece.session))
    } else if ('item' in piece) {
      this.append(piece.item)
      const name = piece.name.map((part) =>
        typeof part === 'string' ? part : this.#bindings.slotText(part.slot),
      )
      this.#parts.push(` AS ${columnName(name.join(''))}`)
    } else if ('rows' in piece) {
      this.#parts.push(outerRowsOf(this.#bindings).text(piece.rows))
    } else if ('cell' in piece) {
      this.#parts.push(outerRowsOf(this.#bindings).only(piece.cell, [0]).text([piece.cell]))
    } else {
      this.#parts.push(bindLimitSum(piece.limitSum, this.#bindings).toString())
    }
  }

  finish(): BoundText {
    return { kind: 'Text', sql: this.#parts.join(''), params: this.#params }
  }
}

/** MySQL's own limit for the name of a column without alias. */
const NAME_BYTES_MAX = 255

/** As MySQL names a column after its text: cut, and with `?` for what identifiers cannot hold (four bytes of UTF-8). */
function columnName(text: string): string {
  const plain = text.trim().replaceAll(/[\xf0-\xf7][\x80-\xbf]{3}|\0/g, '?')
  const cut =
    plain.length <= NAME_BYTES_MAX
      ? plain
      : plain.slice(0, NAME_BYTES_MAX).replace(/[\xc0-\xff][\x80-\xbf]*$/, '')
  return `\`${cut.replaceAll('`', '``')}\``
}
