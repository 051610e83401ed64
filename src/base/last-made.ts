/**
 * What is made of two things, kept as long as the first lives and is not asked for with another second one: for what would be
 * made alike for every statement of a plan.
 */
export class LastMade<Of extends object, By, Made> {
  readonly #known = new WeakMap<Of, { readonly by: By; readonly made: Made }>()
  readonly #make: (of: Of, by: By) => Made

  constructor(make: (of: Of, by: By) => Made) {
    this.#make = make
  }

  get(of: Of, by: By): Made {
    const known = this.#known.get(of)
    if (known !== undefined && known.by === by) return known.made
    const made = this.#make(of, by)
    this.#known.set(of, { by, made })
    return made
  }
}
