/**
 * Thrown while names are looked up, for what has no bound form: there is no tree yet in which a reason could stand. Rules
 * answer theirs (rules/rule.ts). Never leaves the planner.
 */
export class Unplanned extends Error {
  /** What error 1235 names. */
  readonly construct: string

  constructor(construct: string) {
    super(construct)
    this.name = 'Unplanned'
    this.construct = construct
  }
}

export function unplanned(construct: string): never {
  throw new Unplanned(construct)
}
