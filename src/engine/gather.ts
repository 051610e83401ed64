import { nextPackets } from './packet-rows.ts'
import type { RowBatch, RowFormat, RowPackets, RowStream, StreamColumn } from './row-stream.ts'

/**
 * The rows of several shards in the order in which their batches arrive. One batch an input is read ahead of the
 * consumer: a client that stops reading stops the shards. The first failure is thrown at the next call, whatever else
 * has arrived; the inputs stay open until `close`.
 */
export class Gather implements RowStream {
  readonly columns: readonly StreamColumn[]
  readonly format: RowFormat
  readonly #inputs: readonly RowStream[]
  #rows: Arrivals<RowBatch> | undefined
  #packets: Arrivals<RowPackets> | undefined

  constructor(inputs: readonly RowStream[]) {
    this.columns = inputs[0].columns
    this.format = inputs[0].format
    this.#inputs = inputs
  }

  next(): Promise<RowBatch | undefined> {
    this.#rows ??= new Arrivals(this.#inputs, (input) => input.next())
    return this.#rows.next()
  }

  nextPackets(): Promise<RowPackets | undefined> {
    this.#packets ??= new Arrivals(this.#inputs, nextPackets)
    return this.#packets.next()
  }

  async close(): Promise<void> {
    this.#rows?.close()
    this.#packets?.close()
    await Promise.allSettled(this.#inputs.map((input) => input.close()))
  }
}

interface Waiter {
  resolve(): void
}

/**
 * Arrived batches stand in a queue instead of a `Promise.race`: racing thousands of times against one slow shard would
 * hang thousands of reactions on its promise.
 */
class Arrivals<Batch> {
  readonly #inputs: readonly RowStream[]
  readonly #ask: (input: RowStream) => Promise<Batch | undefined>
  /** At most one batch an input. */
  readonly #arrived: { input: RowStream; batch: Batch }[] = []
  #reading = 0
  #started = false
  #failure: { error: unknown } | undefined
  #waiter: Waiter | undefined
  #closed = false

  constructor(inputs: readonly RowStream[], ask: (input: RowStream) => Promise<Batch | undefined>) {
    this.#inputs = inputs
    this.#ask = ask
  }

  async next(): Promise<Batch | undefined> {
    if (!this.#started) {
      this.#started = true
      for (const input of this.#inputs) this.#read(input)
    }
    while (!this.#closed && !this.#failure && this.#arrived.length === 0 && this.#reading > 0) {
      await new Promise<void>((resolve) => {
        this.#waiter = { resolve }
      })
    }
    if (this.#closed) return undefined
    if (this.#failure) throw this.#failure.error
    const first = this.#arrived.shift()
    if (first !== undefined) this.#read(first.input)
    return first?.batch
  }

  close(): void {
    this.#closed = true
    this.#arrived.length = 0
    this.#wake()
  }

  #read(input: RowStream): void {
    this.#reading++
    this.#ask(input).then(
      (batch) => {
        this.#reading--
        if (batch !== undefined && !this.#closed) this.#arrived.push({ input, batch })
        this.#wake()
      },
      (error: unknown) => {
        this.#reading--
        this.#failure ??= { error }
        this.#wake()
      },
    )
  }

  #wake(): void {
    const waiter = this.#waiter
    this.#waiter = undefined
    waiter?.resolve()
  }
}
