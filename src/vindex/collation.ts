/**
 * Primary weights of CLDR 23's root collation, by the algorithm of golang.org/x/text/collate: the `unicode_loose` vindexes
 * hash them, so each of its steps is part of the format of stored keyspace ids.
 *
 * A text becomes a sequence of elements, each a primary weight and a combining class: one element for most characters,
 * several for an expansion (æ), one for several characters in a contraction (Thai vowels before consonants). Elements
 * that combine are put into the order of their classes, as normalisation would order the characters. The key is the
 * non-zero weights: two bytes, or three with the top bit set.
 *
 * What is like Go's and unlike the Unicode Collation Algorithm, on purpose: runs of more than thirty combining elements
 * are cut, and a batch of elements moves as one.
 *
 * Source: golang.org/x/text/internal/colltab (Iter, Table, contract).
 */

import { assert } from '../base/assert.ts'
import { type CollationData, collationData, entryKinds, type Mark } from './collation-data.ts'
import { ContractionScanner } from './contraction-scanner.ts'
import { codePointAt, sizeAt } from './utf8.ts'

const maxCombining = 30
// Limit of non-starters in a row: Unicode Standard Annex 15, "Stream-Safe Text Format".
const maxNonStarters = 30

const noMark: Mark = { leadingNonStarters: 0, leadingClass: 0, trailingClass: 0 }

/** Makes keys; holds buffers that are reused from call to call. */
export class RootCollation {
  readonly #data: CollationData = collationData()
  readonly #scanner = new ContractionScanner(this.#data.states)
  /** Weights of ASCII characters that stand alone. */
  readonly #ascii = new Uint16Array(128)
  #elements = new Uint32Array(64)
  #count = 0
  #key = new Uint8Array(256)
  #keyLength = 0

  constructor() {
    for (let byte = 0; byte < 0x80; byte++) {
      this.#append(Uint8Array.of(byte), 0)
      const element = this.#elements[0]
      assert(this.#count === 1 && element <= 0x7fff, 'an ASCII character has one short weight and no class')
      this.#ascii[byte] = element
      this.#count = 0
    }
  }

  /** The key of a text in valid UTF-8. The bytes are the collation's own and change with the next call. */
  key(text: Uint8Array): Uint8Array {
    this.#count = 0
    this.#keyLength = 0
    let at = 0
    while (this.#count > 0 || at < text.length) {
      if (this.#count === 0) {
        at = this.#emitAscii(text, at)
        if (at === text.length) break
        at += this.#append(text, at)
      }
      at = this.#emitSegment(text, at)
    }
    return this.#key.subarray(0, this.#keyLength)
  }

  /** Puts the weights of plain ASCII into the key, as far as no character beyond ASCII follows. */
  #emitAscii(text: Uint8Array, from: number): number {
    if (this.#keyLength + 2 * (text.length - from) > this.#key.length) {
      this.#key = grown(this.#key, new Uint8Array(2 * this.#key.length + 2 * text.length))
    }
    const key = this.#key
    let length = this.#keyLength
    let at = from
    // A mark may follow the last one, or contract with it.
    for (; at < text.length && text[at] < 0x80 && !(text[at + 1] >= 0x80); at++) {
      const weight = this.#ascii[text[at]]
      if (weight === 0) continue
      key[length++] = weight >>> 8
      key[length++] = weight
    }
    this.#keyLength = length
    return at
  }

  /** Puts the elements that can no longer move into the key, reading on where marks follow; returns the new position. */
  #emitSegment(text: Uint8Array, from: number): number {
    let at = from
    let previous = classOf(this.#elements[this.#count - 1])
    if (previous === 0) {
      this.#emit(this.#count)
      return at
    }
    if (classOf(this.#elements[0]) === 0) {
      let starters = 1
      while (starters < this.#count && classOf(this.#elements[starters]) === 0) starters++
      this.#emit(starters)
      return at
    }
    while (at < text.length) {
      const batch = this.#count
      at += this.#append(text, at)
      const combiningClass = classOf(this.#elements[batch])
      if (combiningClass === 0 || this.#count > maxCombining) {
        this.#emit(batch)
        return at
      }
      if (combiningClass < previous) this.#reorder(batch, combiningClass)
      else previous = combiningClass
    }
    this.#emit(this.#count)
    return at
  }

  /** Moves the elements from `batch` on before those of higher classes. */
  #reorder(batch: number, combiningClass: number): void {
    let to = batch - 1
    while (to > 0 && combiningClass < classOf(this.#elements[to - 1])) to--
    const moved = this.#elements.slice(batch, this.#count)
    this.#elements.copyWithin(to + moved.length, to, batch)
    this.#elements.set(moved, to)
  }

  /** Writes the weights of the first elements to the key and drops them. */
  #emit(count: number): void {
    if (this.#keyLength + 3 * count > this.#key.length) {
      this.#key = grown(this.#key, new Uint8Array(2 * this.#key.length + 3 * count))
    }
    for (let i = 0; i < count; i++) {
      const weight = this.#elements[i] & 0x1f_ffff
      if (weight === 0) continue
      if (weight > 0x7fff) this.#key[this.#keyLength++] = 0x80 | (weight >>> 16)
      this.#key[this.#keyLength++] = weight >>> 8
      this.#key[this.#keyLength++] = weight
    }
    this.#elements.copyWithin(0, count, this.#count)
    this.#count -= count
  }

  /** Appends the elements of the next character or contraction; returns its length in bytes. */
  #append(text: Uint8Array, at: number): number {
    const codePoint = codePointAt(text, at)
    const size = sizeAt(text, at)
    const entry = this.#entry(codePoint)
    if (entry >= entryKinds.contraction) return size + this.#appendContraction(text, at + size, entry)
    if (entry !== 0) this.#appendEntry(entry)
    else if (isHangulSyllable(codePoint)) this.#appendHangul(codePoint)
    else this.#push(this.#implicitWeight(codePoint))
    return size
  }

  #entry(codePoint: number): number {
    return this.#data.entries[(this.#data.blocks[codePoint >>> 6] << 6) | (codePoint & 63)]
  }

  #appendEntry(entry: number): void {
    if (entry < entryKinds.expansion) {
      this.#push(entry & 0x1fff_ffff)
      return
    }
    const start = entry & 0xf_ffff
    const end = start + ((entry >>> 20) & 0x3ff)
    for (let i = start; i < end; i++) this.#push(this.#data.pool[i])
  }

  #appendHangul(codePoint: number): void {
    const index = codePoint - 0xac00
    const trailing = index % 28
    this.#appendEntry(this.#entry(0x1100 + Math.floor(index / 588)))
    this.#appendEntry(this.#entry(0x1161 + Math.floor((index % 588) / 28)))
    if (trailing > 0) this.#appendEntry(this.#entry(0x11a7 + trailing))
  }

  #implicitWeight(codePoint: number): number {
    if (!this.#isIdeographic(codePoint)) return codePoint + 0x5_0000
    const common = codePoint <= 0x9fff ? codePoint >= 0x4e00 : codePoint >= 0xf900 && codePoint <= 0xfaff
    return codePoint + (common ? 0x1_0000 : 0x2_0000)
  }

  #isIdeographic(codePoint: number): boolean {
    const ranges = this.#data.ideographic
    for (let i = 0; i < ranges.length && ranges[i] <= codePoint; i += 2) {
      if (codePoint <= ranges[i + 1]) return true
    }
    return false
  }

  /**
   * Matches what follows the first character of a contraction, from `start`; returns the bytes taken. Marks of lower
   * class may stand between its characters: they are taken too, and their elements come behind.
   */
  #appendContraction(text: Uint8Array, start: number, entry: number): number {
    const scanner = this.#scanner
    scanner.begin(text, start, entry)
    let at = scanner.scan(start)
    let skipped: number[] = []
    let between: readonly number[] = []
    if (!scanner.done && at < text.length && text[at] >= 0x80) {
      let from = at
      const first = this.#mark(text, at)
      at += sizeAt(text, at)
      let previous = first.trailingClass
      if (first.leadingClass !== 0) scanner.end = this.#segmentEnd(text, at)
      while (first.leadingClass !== 0 && at < text.length && !scanner.done && text[at] >= 0x80) {
        const mark = this.#mark(text, at)
        if (mark.leadingClass === 0 || previous >= mark.leadingClass) break
        previous = mark.trailingClass
        const end = scanner.scan(at)
        if (end === at) {
          at += sizeAt(text, at)
          continue
        }
        skipped = [...skipped, ...text.subarray(from, at)]
        if (scanner.matchEnd === end) between = skipped
        at = end
        from = end
      }
    }
    const taken = scanner.matchEnd - start
    this.#appendEntry(this.#data.results[((entry >>> 16) & 0x1fff) + scanner.result])
    const rest = Uint8Array.from(between)
    for (let i = 0; i < rest.length; ) i += this.#append(rest, i)
    return taken
  }

  #mark(text: Uint8Array, at: number): Mark {
    return this.#data.marks.get(codePointAt(text, at)) ?? noMark
  }

  /** Where the run of non-starters from `from` on ends, or reaches its limit. */
  #segmentEnd(text: Uint8Array, from: number): number {
    let at = from
    for (let nonStarters = 0; at < text.length; at += sizeAt(text, at)) {
      const { leadingNonStarters } = this.#mark(text, at)
      nonStarters += leadingNonStarters
      if (leadingNonStarters === 0 || nonStarters > maxNonStarters) break
    }
    return at
  }

  #push(element: number): void {
    if (this.#count === this.#elements.length) {
      this.#elements = grown(this.#elements, new Uint32Array(2 * this.#count))
    }
    this.#elements[this.#count++] = element
  }
}

function classOf(element: number): number {
  return element >>> 21
}

function isHangulSyllable(codePoint: number): boolean {
  return codePoint >= 0xac00 && codePoint <= 0xd7a3
}

function grown<T extends Uint8Array | Uint32Array>(from: T, to: T): T {
  to.set(from)
  return to
}
