/** Thrown inside the planner for a statement that several shards cannot answer together; never leaves it. */
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
