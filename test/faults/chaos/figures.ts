/** What a run has met, by name. */
export class Figures {
  readonly #counts = new Map<string, number>()
  readonly #examples = new Map<string, string>()

  count(what: string, by = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + by)
  }

  /** The first of a kind is kept. */
  example(what: string, text: string): void {
    if (!this.#examples.has(what)) this.#examples.set(what, text)
  }

  get examples(): ReadonlyMap<string, string> {
    return this.#examples
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0
  }

  /** `1205: 3, 2013: 40` of all names that begin with `prefix`. */
  print(prefix: string): string {
    return [...this.#counts]
      .filter(([name]) => name.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, count]) => `${name.slice(prefix.length)} ${count}`)
      .join(', ')
  }
}
