import { createHash } from 'node:crypto'
import { WatchedFiles, type WatchOptions } from '../watched-files.ts'
import type { User } from './credentials.ts'
import { StaticUserDirectory, type UserDirectory } from './user-directory.ts'
import { parseUsersFile } from './users-file.ts'

/**
 * The users of a file, which may change at any time; a file that becomes unusable leaves the users as they were.
 * A user of whom nothing changed keeps what it remembers of the fast path.
 */
export class WatchedUsers implements UserDirectory {
  readonly #files: WatchedFiles<StaticUserDirectory>

  private constructor(files: WatchedFiles<StaticUserDirectory>) {
    this.#files = files
  }

  /** Rejects when the file is unusable to begin with. */
  static async open(path: string, options: WatchOptions): Promise<WatchedUsers> {
    let current: StaticUserDirectory | undefined
    const make = ([content]: readonly Buffer[]): StaticUserDirectory => {
      current = makeDirectory(path, content!, current)
      return current
    }
    return new WatchedUsers(await WatchedFiles.open([path], make, options))
  }

  find(name: string): User | undefined {
    return this.#files.value.find(name)
  }

  decoy(name: string): User {
    return this.#files.value.decoy(name)
  }

  /** Reads the file now, e.g. upon SIGHUP. */
  reload(): Promise<void> {
    return this.#files.look(true)
  }

  close(): void {
    this.#files.close()
  }
}

function makeDirectory(
  path: string,
  content: Buffer,
  previous: StaticUserDirectory | undefined,
): StaticUserDirectory {
  const users = new Map<string, User>()
  for (const [name, user] of parseUsersFile(path, content)) {
    const before = previous?.find(name)
    users.set(name, before?.isAs(user) ? before : user)
  }
  // All workers read the same file, and nobody outside knows it.
  return new StaticUserDirectory(users, createHash('sha256').update(content).digest('hex'))
}
