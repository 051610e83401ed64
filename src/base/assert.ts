/** Throws when an impossible state is reached: a bug of ours, never a user's mistake (that is a `SqlError`). */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`)
}

/** Ends a `switch` over a closed union: a new member stops compiling here until it is handled. */
export function unreachable(value: never): never {
  throw new Error(`assertion failed: unexpected ${JSON.stringify(value)}`)
}
