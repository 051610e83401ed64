import { createHash } from 'node:crypto'
import { User } from './credentials.ts'

/** Where users are looked up. */
export interface UserDirectory {
  find(name: string): User | undefined
  /**
   * Stands in for a user that does not exist: always the same kind of user for a name, and of a kind that exists, so
   * that the exchange tells nothing. It accepts no password.
   */
  decoy(name: string): User
}

/** A fixed set of users. `seed` makes decoys alike in all workers; it should not be known outside. */
export class StaticUserDirectory implements UserDirectory {
  readonly #users: ReadonlyMap<string, User>
  readonly #models: readonly User[]
  readonly #seed: string

  constructor(users: ReadonlyMap<string, User>, seed: string) {
    this.#users = users
    this.#models = [...users.values()]
    this.#seed = seed
  }

  get users(): ReadonlyMap<string, User> {
    return this.#users
  }

  find(name: string): User | undefined {
    return this.#users.get(name)
  }

  decoy(name: string): User {
    const digest = createHash('sha256').update(this.#seed).update('\0').update(name).digest()
    const model = this.#models[digest.readUInt32LE() % this.#models.length] // none of none
    return model?.decoy(name) ?? new User(name, [])
  }
}
