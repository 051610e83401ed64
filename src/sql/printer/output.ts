import { isKeyword, staysBare } from '../keywords.ts'
import { encodeBinary } from '../text.ts'

/** Part of a statement's template: text, the place of a slot's source text, or of a parameter. */
export type TemplatePiece = string | { readonly slot: number } | { readonly param: number }

/** Collects pieces, adjacent text merged. */
export class Output {
  readonly #pieces: TemplatePiece[] = []
  #text = ''

  text(part: string): void {
    this.#text += part
  }

  slot(slot: number): void {
    this.#flush()
    this.#pieces.push({ slot })
  }

  param(param: number): void {
    this.#flush()
    this.#pieces.push({ param })
  }

  #flush(): void {
    if (this.#text !== '') this.#pieces.push(this.#text)
    this.#text = ''
  }

  finish(): TemplatePiece[] {
    this.#flush()
    return this.#pieces
  }
}

function isPlainStart(c: number): boolean {
  return (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95
}

function isPlain(name: string): boolean {
  if (!isPlainStart(name.charCodeAt(0))) return false
  for (let i = 1; i < name.length; i++) {
    const c = name.charCodeAt(i)
    if (!isPlainStart(c) && !(c >= 48 && c <= 57)) return false
  }
  return true
}

/** Identifier as MySQL reads it in every sql_mode and version: in backticks unless it is plain and no keyword. */
export function quoteIdentifier(name: string): string {
  if (isPlain(name) && !isKeyword(name.toUpperCase())) return name
  return inBackticks(name)
}

export function inBackticks(name: string): string {
  return encodeBinary(`\`${name.replaceAll('`', '``')}\``)
}

/**
 * As quoteIdentifier, but without quotes for a keyword that no server reserves: one that was written so, or a name in a
 * place where people do not quote.
 */
export function printBareKeyword(name: string): string {
  return staysBare(name.toUpperCase()) ? name : quoteIdentifier(name)
}
