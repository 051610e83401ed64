import { ServerError } from './server-error.ts'

/** ER_OPTION_PREVENTS_STATEMENT, which other options cause, too; ER_READ_ONLY_MODE; ER_SERVER_OFFLINE_MODE; ER_SERVER_SHUTDOWN. */
const ER_OPTION_PREVENTS_STATEMENT = 1290
const REFUSALS: ReadonlySet<number> = new Set([1836, 3032, 1053])

/**
 * The server takes no writes (any more), or nothing at all: it is read-only or on its way out. Of the statement that it tells this of
 * nothing has been done.
 */
export function isRefusedWrite({
  errno,
  message,
}: {
  readonly errno: number
  readonly message: string
}): boolean {
  if (errno === ER_OPTION_PREVENTS_STATEMENT) return /--(?:super-)?read-only/.test(message)
  return REFUSALS.has(errno)
}

const ER_LOCK_DEADLOCK = 1213

/**
 * What a transaction is told whose primary takes no writes any more: drivers and frameworks begin it again, as behind a deadlock, and
 * find the new primary.
 */
export function toBeRestarted({ message }: { readonly message: string }): ServerError {
  return new ServerError({
    errno: ER_LOCK_DEADLOCK,
    sqlState: '40001',
    message: `The shard's primary is being replaced; try restarting transaction (${message})`,
  })
}
