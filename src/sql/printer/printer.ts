import type { SqlMode } from '../sql-mode.ts'
import { Output, type TemplatePiece } from './output.ts'

/** Where the printing functions write to: text, or a template with places for slots and parameters. */
export class Printer {
  readonly mode: SqlMode
  readonly #output = new Output()
  readonly #isTemplate: boolean

  constructor(mode: SqlMode, isTemplate: boolean) {
    this.mode = mode
    this.#isTemplate = isTemplate
  }

  text(part: string): void {
    this.#output.text(part)
  }

  /** The place of a slot; in plain text `fallback`. */
  slot(slot: number, fallback: string): void {
    if (this.#isTemplate) this.#output.slot(slot)
    else this.#output.text(fallback)
  }

  param(index: number): void {
    if (this.#isTemplate) this.#output.param(index)
    else this.#output.text('?')
  }

  /** Items with commas between them. */
  list<T>(items: readonly T[], print: (item: T, index: number) => void): void {
    items.forEach((item, i) => {
      if (i > 0) this.text(', ')
      print(item, i)
    })
  }

  /** ` keyword `, then what `print` prints, when `value` is there. */
  clause<T>(keyword: string, value: T | undefined, print: (value: T) => void): void {
    if (value === undefined) return
    this.text(` ${keyword} `)
    print(value)
  }

  finish(): TemplatePiece[] {
    return this.#output.finish()
  }
}
