import { parseValueType, type ValueType, valueTypeOfNumber } from '../values/value.ts'

/** What was met while a file was read, each with its path. */
export interface Findings {
  readonly problems: string[]
  /** What Vitess would pass over: a later version's fields, or a slip of the pen. */
  readonly unknownFields: string[]
}

/**
 * Reads one JSON object strictly, by Vitess's protobuf JSON rules: a field is spelled in snake_case or camelCase, null
 * is the same as absent, an absent field is empty. Mistakes are collected with their path; reading goes on.
 */
export class RecordReader {
  readonly #fields = new Map<string, unknown>()
  readonly #path: string
  readonly #found: Findings

  /** `known` are all fields there may be, in snake_case. */
  constructor(json: unknown, path: string, known: readonly string[], found: Findings) {
    this.#path = path
    this.#found = found
    if (!isObject(json)) {
      if (json !== undefined) this.#report('', 'must be an object', json)
      return
    }
    for (const [spelled, content] of Object.entries(json)) {
      const field = known.find((name) => name === spelled || camelCase(name) === spelled)
      if (field === undefined) found.unknownFields.push(`${path}: unknown field "${spelled}"`)
      else if (this.#fields.has(field)) found.problems.push(`${path}: duplicate field "${spelled}"`)
      else if (content !== null) this.#fields.set(field, content)
    }
  }

  has(field: string): boolean {
    return this.#fields.has(field)
  }

  text(field: string): string {
    const content = this.#fields.get(field)
    if (content === undefined || typeof content === 'string') return content ?? ''
    this.#report(field, 'must be a string', content)
    return ''
  }

  /** `fallback` for an absent field. */
  flag(field: string, fallback = false): boolean {
    const content = this.#fields.get(field)
    if (content === undefined || typeof content === 'boolean') return content ?? fallback
    this.#report(field, 'must be true or false', content)
    return fallback
  }

  /** A 32-bit integer, which protobuf also writes as a string. */
  integer(field: string): number | undefined {
    const content = this.#fields.get(field)
    if (content === undefined) return undefined
    const n = typeof content === 'string' && /^-?[0-9]+$/.test(content) ? Number(content) : content
    if (Number.isInteger(n) && (n as number) === ((n as number) | 0)) return n as number
    this.#report(field, 'must be an integer', content)
    return undefined
  }

  /** The name or number of a `query.Type`. */
  valueType(field: string): ValueType | undefined {
    const content = this.#fields.get(field)
    if (content === undefined) return undefined
    const type = typeof content === 'number' ? valueTypeOfNumber(content) : parseValueType(String(content))
    if (type === undefined) this.#report(field, 'is not a type', content)
    return type
  }

  /** One of `names`, or the position of one in it; the first for an absent field. */
  choice<T extends string>(field: string, names: readonly [T, ...T[]]): T {
    const content = this.#fields.get(field)
    if (content === undefined) return names[0]
    const found = names.find((name, i) => name === content || i === content)
    if (found === undefined) this.#report(field, `must be one of ${names.join(', ')}`, content)
    return found ?? names[0]
  }

  texts(field: string): string[] {
    return this.list(field, (item, path) => {
      if (typeof item === 'string') return item
      this.#found.problems.push(`${path}: must be a string: ${JSON.stringify(item)}`)
      return ''
    })
  }

  list<T>(field: string, read: (item: unknown, path: string) => T): T[] {
    const content = this.#fields.get(field)
    if (content === undefined) return []
    if (Array.isArray(content)) return content.map((item, i) => read(item, `${this.#at(field)}[${i}]`))
    this.#report(field, 'must be a list', content)
    return []
  }

  /** The members of an object whose names are the user's, in the file's order. */
  map<T>(field: string, read: (item: unknown, path: string) => T): Map<string, T> {
    const content = this.#fields.get(field)
    if (content !== undefined && !isObject(content)) this.#report(field, 'must be an object', content)
    const members = isObject(content) ? Object.entries(content) : []
    return new Map(members.map(([name, item]) => [name, read(item, `${this.#at(field)}.${name}`)]))
  }

  textMap(field: string): Readonly<Record<string, string>> {
    const texts = this.map(field, (item, path) => {
      if (typeof item === 'string') return item
      this.#found.problems.push(`${path}: must be a string: ${JSON.stringify(item)}`)
      return ''
    })
    return Object.fromEntries(texts)
  }

  /** An object field; undefined for an absent one. */
  object<T>(field: string, read: (item: unknown, path: string) => T): T | undefined {
    const content = this.#fields.get(field)
    return content === undefined ? undefined : read(content, this.#at(field))
  }

  #at(field: string): string {
    return `${this.#path}.${field}`
  }

  #report(field: string, problem: string, content: unknown): void {
    const path = field === '' ? this.#path : this.#at(field)
    this.#found.problems.push(`${path}: ${problem}: ${JSON.stringify(content)}`)
  }
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
