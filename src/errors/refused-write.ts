import { ServerError } from './server-error.ts'

/** ER_OPTION_PREVENTS_STATEMENT, which other options cause, too; ER_READ_ONLY_MODE; ER_SERVER_OFFLINE_MODE. */
const ER_OPTION_PREVENTS_STATEMENT = 1290
const REFUSALS: ReadonlySet<number> = new Set([1836, 3032])
const ER_SERVER_SHUTDOWN = 1053

interface Told {
  readonly errno: number
  readonly message: string
}

/** The server takes no writes (any more): of the statement that it tells this of nothing has been done. */
export function isRefusedWrite({ errno, message }: Told): boolean {
  if (errno === ER_OPTION_PREVENTS_STATEMENT) return /--(?:super-)?read-only/.test(message)
  return REFUSALS.has(errno)
}

/** The server is on its way out. It may tell so of a write that it has done. */
export function isShutdown({ errno }: Told): boolean {
  return errno === ER_SERVER_SHUTDOWN
}

const ER_LOCK_DEADLOCK = 1213

/**
 * What a transaction is told whose primary takes no writes any more, and of which nothing is left: drivers and frameworks begin it
 * again, as behind a deadlock, and find the new primary.
 */
export class RestartTransaction extends ServerError {
  constructor({ message }: Pick<Told, 'message'>) {
    super({
      errno: ER_LOCK_DEADLOCK,
      sqlState: '40001',
      message: `The shard's primary is being replaced; try restarting transaction (${message})`,
    })
  }
}
