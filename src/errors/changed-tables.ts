import { ServerError } from './server-error.ts'

/** What a server said of a table that is not as it was when the statement was planned: planned anew it may be answered. */
export class ChangedTables extends ServerError {
  readonly keyspaces: ReadonlySet<string>

  constructor(error: ServerError, keyspaces: ReadonlySet<string>) {
    super(error)
    this.keyspaces = keyspaces
  }
}
