import type { Slot, SlotItemType } from './scan.ts'

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

/**
 * Builds the key of one statement: slices of its text, and what replaces the rest. Engines concatenate by reference, so
 * that this is faster (20 ns a literal) than an array of parts (85 ns) or a buffer of bytes (27 ns, and 100 ns to begin).
 */
export class KeyBuilder {
  readonly #sql: string
  readonly slots: Slot[] = []
  #key = ''
  /** Text from here to the current position goes into the key as it is. */
  #runStart: number
  /** Slots of literals in lists behind BY. */
  #bySlots: number[] | undefined

  constructor(sql: string, start: number) {
    this.#sql = sql
    this.#runStart = start
  }

  /** Puts `text` into the key in place of the source from `start` to `end`; returns `end`. */
  replace(start: number, end: number, text: string): number {
    const from = this.#runStart
    this.#key += start > from ? this.#sql.slice(from, start) + text : text
    this.#runStart = end
    return end
  }

  /** A slot, and what stands for it, in place of the source from `start` to `end`; returns `end`. */
  slot(slot: Slot, start: number, end: number, text: string): number {
    this.slots.push(slot)
    return this.replace(start, end, text)
  }

  /** A literal from `start` to `end`, perhaps `inByList`; returns `end`. */
  literal(type: SlotItemType, start: number, end: number, inByList: boolean): number {
    if (inByList) {
      this.#bySlots ??= []
      this.#bySlots.push(this.slots.length)
    }
    this.slots.push({ kind: 'literal', type, start, end })
    return this.replace(start, end, placeholders[type])
  }

  /** The key of a text that ends at `end`. */
  finish(end: number): string {
    this.replace(Math.max(end, this.#runStart), end, '')
    return this.#bySlots === undefined ? this.#key : this.#key + this.#equalLiterals(this.#bySlots)
  }

  /**
   * Literals in ORDER BY or GROUP BY may have to equal others for a plan to hold (SELECT a+1 … GROUP BY a+1): which
   * ones are the same text becomes part of the key.
   */
  #equalLiterals(bySlots: readonly number[]): string {
    const { slots } = this
    const firstOf = new Map<string, number>()
    const wanted = new Set<string>()
    for (const index of bySlots) wanted.add(this.#textOf(slots[index]))
    let suffix = ''
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i]
      if (slot.kind !== 'literal') continue
      const text = this.#textOf(slot)
      if (!wanted.has(text)) continue
      const first = firstOf.get(text)
      if (first === undefined) firstOf.set(text, i)
      else suffix += ` /* :${first}=:${i} */`
    }
    return suffix
  }

  #textOf(slot: Slot): string {
    return this.#sql.slice(slot.start, slot.end)
  }
}
