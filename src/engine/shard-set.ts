import type { ShardRange } from '../key/shard-ranges.ts'

/** Shards of a keyspace in key order, as `tileShards` makes them. */
export type Shards = readonly ShardRange[]
export type ShardsOf = (keyspace: string) => Shards

/** Any one shard gives the whole answer: all hold it (reference tables), or none can. */
export const anyShardIndex = -1

/** Marks the shards of a list; full when none is left to mark. */
export class ShardSet {
  readonly #marks: Uint8Array
  #count = 0

  constructor(shards: Shards) {
    this.#marks = new Uint8Array(shards.length)
  }

  get isFull(): boolean {
    return this.#count === this.#marks.length
  }

  add(resolved: number | readonly number[]): void {
    if (typeof resolved !== 'number') for (const index of resolved) this.#mark(index)
    else if (resolved !== anyShardIndex) this.#mark(resolved)
  }

  result(): number | readonly number[] {
    if (this.#count === 0) return anyShardIndex
    if (this.#count === 1) return this.#marks.indexOf(1)
    const found: number[] = []
    for (let i = 0; i < this.#marks.length; i++) if (this.#marks[i] === 1) found.push(i)
    return found
  }

  #mark(index: number): void {
    if (this.#marks[index] === 1) return
    this.#marks[index] = 1
    this.#count++
  }
}
