/** Walks the trie of the contractions that begin with one character, byte by byte. */
export class ContractionScanner {
  readonly #states: Uint32Array
  #text: Uint8Array = new Uint8Array(0)
  #node = 0
  #nodes = 0
  /** Bytes from here on are not looked at. */
  end = 0
  /** Number of the longest match's result. */
  result = 0
  /** End of the longest match in the text. */
  matchEnd = 0
  done = false

  constructor(states: Uint32Array) {
    this.#states = states
  }

  begin(text: Uint8Array, start: number, entry: number): void {
    this.#text = text
    this.#node = (entry >>> 4) & 0xfff
    this.#nodes = entry & 0xf
    this.end = text.length
    this.result = 0
    this.matchEnd = start
    this.done = false
  }

  /** Goes on with the bytes from `from`; returns the end of the last whole character on the way. */
  scan(from: number): number {
    let at = from
    let wholeEnd = from
    let node = this.#node
    let nodes = this.#nodes
    for (let i = 0; i < nodes && at < this.end; ) {
      const state = this.#states[node + i]
      const low = state & 0xff
      const high = (state >>> 8) & 0xff
      const next = (state >>> 16) & 0xff
      const result = state >>> 24
      const byte = this.#text[at]
      if (byte === low) {
        at++
        if (result !== 0xff) this.#match(result, at)
        if (next === 0) {
          this.done = true
          return at
        }
        node += high + nodes
        nodes = next
        i = 0
        if (at >= this.end || (this.#text[at] & 0xc0) !== 0x80) {
          this.#node = node
          this.#nodes = nodes
          wholeEnd = at
        }
      } else if (next === 0 && byte > low && byte <= high) {
        at++
        this.done = true
        this.#match(byte - low + result, at)
        return at
      } else {
        i++
      }
    }
    return wholeEnd
  }

  #match(result: number, end: number): void {
    this.result = result
    this.matchEnd = end
  }
}
