/**
 * Numbers that depend on nothing but the table and the row they are for, so that rows can be made in any order and
 * again: SplitMix32 over a seed made of both.
 */
export class RowRandom {
  #state: number

  constructor(table: string, row: number) {
    let hash = 0x811c9dc5 // FNV-1a
    for (const char of table) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193)
    this.#state = hash ^ Math.imul(row, 0x9e3779b1)
  }

  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor((this.#next() / 2 ** 32) * (high - low + 1))
  }

  /** Money between two amounts in cents, as SQL text: `-12.30`. */
  cents(low: number, high: number): string {
    return centsText(this.int(low, high))
  }

  pick<T>(values: readonly T[]): T {
    return values[this.int(0, values.length - 1)]
  }

  /** `count` different values. */
  sample<T>(values: readonly T[], count: number): readonly T[] {
    const chosen = new Set<T>()
    while (chosen.size < count) chosen.add(this.pick(values))
    return [...chosen]
  }

  /** Letters, digits, a comma and blanks: an address. */
  letters(min: number, max: number): string {
    return Array.from({ length: this.int(min, max) }, () => this.pick(LETTERS)).join('')
  }

  #next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0
    let z = this.#state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
}

const LETTERS = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789, ']

/** `-1230` as `-12.30`: no doubles on the way. */
export function centsText(cents: number): string {
  const digits = String(Math.abs(cents)).padStart(3, '0')
  return `${cents < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}
