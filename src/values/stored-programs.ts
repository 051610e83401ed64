/** A stored routine or trigger, as its server tells of it. */
export interface StoredProgram {
  readonly kind: 'function' | 'procedure' | 'trigger'
  readonly name: string
  /** Of a trigger. */
  readonly table?: string
  /** SQL text of its body; empty where the account may not look into it. */
  readonly body: string
}

/** What statements that run the programs of a database must know of them. */
export interface StoredPrograms {
  /** Names of its stored functions, in lower case. */
  readonly functions: ReadonlySet<string>
  /** Of these, those that may change rows, themselves or by what they call. */
  readonly writing: ReadonlySet<string>
  /** Tables with triggers. */
  readonly triggered: ReadonlySet<string>
  /** The table of each trigger, by its name. */
  readonly triggers: ReadonlyMap<string, string>
  /** The body of each procedure that all shards have alike, by its name in lower case. */
  readonly procedures: ReadonlyMap<string, string>
  /** User variables that any of them names, in lower case: each may read and assign them, for programs call others. */
  readonly variables: readonly string[]
}

/** Those of so many shards together. Judged by the words of their texts, which errs towards more. */
export function describePrograms(programs: readonly StoredProgram[], shards = 1): StoredPrograms {
  const functions = programs.filter(({ kind }) => kind === 'function')
  const triggers = programs.flatMap(({ name, table }) =>
    table === undefined ? [] : [[name, table] as const],
  )
  return {
    functions: new Set(functions.map(({ name }) => name.toLowerCase())),
    writing: writingOf(programs),
    triggered: new Set(triggers.map(([, table]) => table)),
    triggers: new Map(triggers),
    procedures: proceduresOfAll(programs, shards),
    variables: [...new Set(programs.flatMap(({ body }) => variablesNamed(statementsOf(body))))],
  }
}

function proceduresOfAll(programs: readonly StoredProgram[], shards: number): ReadonlyMap<string, string> {
  const bodies = new Map<string, string[]>()
  for (const { kind, name, body } of programs)
    if (kind === 'procedure')
      bodies.set(name.toLowerCase(), [...(bodies.get(name.toLowerCase()) ?? []), body])
  const alike = [...bodies].filter(([, own]) => own.length === shards && new Set(own).size === 1)
  return new Map(alike.map(([name, own]) => [name, own[0]!]))
}

/** Of strings only those that may become statements: `'x@y'` names no variable. */
function statementsOf(body: string): string {
  if (/\b(?:prepare|execute)\b/i.test(body)) return body
  return body.replace(/@?(?:'(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|""|\\.)*")/gs, (text) =>
    text.startsWith('@') ? text : '',
  )
}

const WRITES = /\b(?:insert|update|delete|replace|load|truncate|execute)\b/i

/** Those that write or may not be looked into, and those that name one of them. */
function writingOf(programs: readonly StoredProgram[]): ReadonlySet<string> {
  const routines = programs.filter(({ kind }) => kind !== 'trigger')
  const writing = new Set<string>()
  const mayWrite = (body: string) =>
    body === '' ||
    WRITES.test(body) ||
    (body.toLowerCase().match(/[\w$\x80-\uffff]+/g) ?? []).some((word) => writing.has(word))
  for (let known = -1; known < writing.size; ) {
    known = writing.size
    for (const { name, body } of routines) if (mayWrite(body)) writing.add(name.toLowerCase())
  }
  return writing
}

/** Names, in lower case, of the user variables in a text that holds statements. */
export function variablesNamed(text: string): readonly string[] {
  const found = text.matchAll(
    /(?<!@)@(?:([\w.$\x80-\uffff]+)|`((?:[^`]|``)+)`|'((?:[^']|'')+)'|"((?:[^"]|"")+)")/g,
  )
  return [...found].map(([, bare, ...quoted]) => {
    const name = bare ?? quoted.find((each) => each !== undefined)!.replace(/(["'`])\1/g, '$1')
    return name.toLowerCase()
  })
}
