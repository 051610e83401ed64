import type { Fence, Leadership, TopologyStore } from '../topology/store.ts'

/** What a process needs to change anything: leaderships that go on. */
export class Permit {
  readonly #leaderships: readonly Leadership[]

  constructor(leaderships: readonly Leadership[]) {
    this.#leaderships = leaderships
  }

  get isHeld(): boolean {
    return this.#leaderships.every((leadership) => leadership.isHeld())
  }

  get fences(): readonly Fence[] {
    return this.#leaderships.map(({ fence }) => fence)
  }

  /** Throws when one has ended, or may have. */
  check(): void {
    if (!this.isHeld) throw new PermitLost()
  }

  /** The same store, whose writes hold only while the leaderships go on. */
  guarding(store: TopologyStore): TopologyStore {
    return {
      description: store.description,
      get: (path) => store.get(path),
      list: () => store.list(),
      watch: (revision, handlers) => store.watch(revision, handlers),
      campaign: (name, value, options) => store.campaign(name, value, options),
      close: () => store.close(),
      commit: async (changes, fences = []) => {
        this.check()
        await store.commit(changes, [...fences, ...this.fences])
      },
    }
  }
}

/** Nothing more may be done: somebody else may have begun to act. */
export class PermitLost extends Error {
  constructor() {
    super('the lease that this work is done under has ended; whoever holds it next ends the work')
    this.name = 'PermitLost'
  }
}
