/**
 * Thrown while names are looked up, for what has no bound form: there is no tree yet in which a reason could stand. Rules
 * answer theirs (rules/rule.ts). Never leaves the planner.
 */
export class Unplanned extends Error {
  /** What error 1235 names. */
  readonly construct: string
  /** Keyspace with a table whose columns have not been read: once they have been, there may be a plan. */
  readonly unread: string | undefined

  constructor(construct: string, unread?: string) {
    super(construct)
    this.name = 'Unplanned'
    this.construct = construct
    this.unread = unread
  }
}

export function unplanned(construct: string, unread?: string): never {
  throw new Unplanned(construct, unread)
}
