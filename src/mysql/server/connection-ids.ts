import { assert } from '../../base/assert.ts'

/** Who gives out a connection id. */
export interface IdOwner {
  /** 0 for a single process; workers count from 1. */
  readonly worker: number
  /** Among those of a topology, from 1; 0 where proxies do not know each other. */
  readonly proxy: number
}

/** Where numbers stand in an id of 32 bits: the counter below, the worker above it, then the proxy. */
interface Layout {
  readonly counterBits: number
  readonly workerBits: number
}

const ALONE: Layout = { counterBits: 24, workerBits: 8 }
/** The highest bit stays 0, for clients that read ids as signed. */
const AMONG_OTHERS: Layout = { counterBits: 19, workerBits: 5 }

export const PROXIES_MAX = 127
export const WORKERS_AMONG_OTHERS_MAX = 31
export const CONNECTIONS_AMONG_OTHERS_MAX = 500_000

function layoutOf(proxy: number): Layout {
  return proxy === 0 ? ALONE : AMONG_OTHERS
}

/**
 * Connection ids of one process, which name it: an id tells which worker, and which proxy, has the session. The counter wraps and
 * skips ids in use. 0 is nobody's.
 */
export class ConnectionIds {
  readonly #base: number
  readonly #counters: number
  readonly #used = new Set<number>()
  #counter = 0

  constructor({ worker, proxy }: IdOwner) {
    const { counterBits, workerBits } = layoutOf(proxy)
    assert(worker >= 0 && worker < 1 << workerBits, `worker numbers have ${workerBits} bits`)
    assert(proxy >= 0 && proxy <= PROXIES_MAX, 'there are numbers for so many proxies')
    this.#counters = 2 ** counterBits
    this.#base = (proxy * 2 ** workerBits + worker) * this.#counters
  }

  take(): number {
    let id: number
    do {
      this.#counter = (this.#counter + 1) % this.#counters
      id = this.#base + this.#counter
    } while (id === 0 || this.#used.has(id))
    this.#used.add(id)
    return id
  }

  release(id: number): void {
    this.#used.delete(id)
  }
}

/** Who gave out a connection id. `isAlone`: the proxy that asks has no number, nor have others. */
export function ownerOf(connectionId: number, isAlone: boolean): IdOwner {
  const { counterBits, workerBits } = isAlone ? ALONE : AMONG_OTHERS
  const above = Math.floor(connectionId / 2 ** counterBits)
  if (isAlone) return { proxy: 0, worker: above }
  return { proxy: Math.floor(above / 2 ** workerBits), worker: above % 2 ** workerBits }
}
