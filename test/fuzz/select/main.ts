import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { fuzzWrites } from '../writes/write-fuzz.ts'
import { runJobs, tellParent } from './jobs.ts'
import { type Finding, fuzzSelect, type SelectFuzzResult } from './select-fuzz.ts'
import { isWay, WAYS, type Way } from './sessions.ts'

/** `select` or `writes`. */
const WHAT = process.argv[2]!
const USAGE = `npm run fuzz -- select [--seed S] [--count N] [--mariadb] [--strict] [--self] …
    Random tables with random rows, and random SELECTs over them: through proxies over 2 and 8 shards and on one plain
    server, as text and prepared, in transactions and outside. Answers must be alike: rows, their order where ORDER BY
    promises one, column definitions, warnings, errors. A difference is made as small as it gets and printed as SQL.
    SHARDGATE_TEST_MYSQLD names the MySQL server; mariadbd is taken from PATH.

npm run fuzz -- writes [--seed S] [--count N] [--mariadb] …
    Random sessions that write: INSERT, REPLACE, UPDATE and DELETE in every form, transactions with savepoints, errors, variables,
    prepared statements, now and then another session. After each step its answer is compared and, by digests, what the tables
    hold; where no transaction is open, on which shards rows are, and what lookup tables hold. Sessions go through a proxy over
    2 shards and one over 8 in turn; --strict, --self, --way, --writes and --in-turn are of no meaning there.

  --seed S        the run to repeat; every run prints its own
  --count N       statements (10000)
  --per-schema N  statements before the next tables, whose seed is one more (2500)
  --statement K   only this one, counted from 0, of the first tables; a session, of writes
  --mariadb       shards and plain server are MariaDB
  --strict        lengths, table names and definitions of prepared statements are compared, too
  --self          no proxy: two plain servers, rows in another order. What differs is a fault of the generator
  --shrink N      differences of each kind to make small and print (2); the rest are counted
  --known KINDS   differences whose kind begins so are counted only; several, separated by commas
  --way WAY       how proxies plan: federation (over copies of the tables wherever that can be done), groups (of groups
                  of rows, where shards can make them), rules (never so), auto (the cheapest)
  --writes        UPDATE, DELETE and INSERT … SELECT instead: counts, texts, errors, and what the table holds behind each
  --in-turn       every fifty statements go through the proxy over 2 shards, or the one over 8: half the work
  --jobs N        divided among N processes with servers of their own (1); --shrink is for each of them
  --refusals      what the proxy does not support is shrunk and printed, too

Interrupted, it ends behind the statements that are on their way, and tells what it has seen.
The exit code is 1 when answers differed, 2 when the command line is wrong. Refusals are counted apart.
`

const PROGRESS_MS = 60_000

const values = commandLine()
if (values.help) {
  process.stdout.write(USAGE)
  process.exit(0)
}
// Servers whose data is thrown away need no disk.
if (existsSync('/dev/shm')) process.env['TESTS_TMP'] ??= '/dev/shm'
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : whole('seed', values.seed)
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
process.once('disconnect', () => stop.abort()) // a job whose parent is gone
const known = values.known.split(',').filter((beginning) => beginning !== '')
process.stdout.write(`seed ${seed}\n`)
const [count, perSchema, jobs] = [
  whole('count', values.count),
  whole('per-schema', values['per-schema']),
  whole('jobs', values.jobs),
]
const result =
  jobs > 1
    ? await runJobs({
        what: WHAT,
        jobs,
        seed,
        count,
        perSchema,
        args: process.argv.slice(3),
        signal: stop.signal,
      })
    : await fuzz()
if (process.send === undefined) printCounts(result)
else await tellParent(result)
process.exit(result.differences.size > 0 ? 1 : 0)

function fuzz(): Promise<SelectFuzzResult> {
  const fuzzer = WHAT === 'writes' ? fuzzWrites : fuzzSelect
  return fuzzer({
    seed,
    count,
    perSchema,
    shrunkMax: whole('shrink', values.shrink),
    flavor: values.mariadb ? 'mariadb' : 'mysql',
    isSelf: values.self,
    isStrict: values.strict,
    areRefusalsShrunk: values.refusals,
    isKnown: (kind) => known.some((beginning) => kind.startsWith(beginning)),
    only: values.statement === undefined ? undefined : whole('statement', values.statement),
    signal: stop.signal,
    way: way(values.way),
    isInTurn: values['in-turn'],
    areWrites: values.writes,
    onProgress: progress(),
    onFinding: print,
    onCrash: ({ seed: at, statement, message }) =>
      process.stdout.write(
        `\n-- a server died: --seed ${at}, one of the statements from ${statement} on: ${message}\n`,
      ),
  })
}

/** Tells on the error output, once a minute, how far it is. */
function progress(): (statements: number) => void {
  const startedMs = performance.now()
  let toldMs = startedMs
  return (statements) => {
    const nowMs = performance.now()
    if (nowMs < toldMs + PROGRESS_MS) return
    toldMs = nowMs
    const perSecond = Math.round((1_000 * statements) / (nowMs - startedMs))
    process.stderr.write(`seed ${seed}: ${statements} of ${count} statements, ${perSecond}/s\n`)
  }
}

function way(name: string): Way {
  return isWay(name) ? name : misused(`--way ${name} is none of ${WAYS.join(', ')}`)
}

function commandLine() {
  try {
    return parseArgs({
      args: process.argv.slice(3),
      options: {
        seed: { type: 'string' },
        count: { type: 'string', default: '10000' },
        'per-schema': { type: 'string', default: '2500' },
        statement: { type: 'string' },
        mariadb: { type: 'boolean', default: false },
        strict: { type: 'boolean', default: false },
        self: { type: 'boolean', default: false },
        known: { type: 'string', default: '' },
        way: { type: 'string', default: 'auto' },
        'in-turn': { type: 'boolean', default: false },
        writes: { type: 'boolean', default: false },
        jobs: { type: 'string', default: '1' },
        refusals: { type: 'boolean', default: false },
        shrink: { type: 'string', default: '2' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    return misused((error as Error).message)
  }
}

function whole(name: string, text: string): number {
  return /^\d+$/.test(text) ? Number(text) : misused(`--${name} ${text} is no whole number`)
}

function misused(why: string): never {
  process.stderr.write(`fuzz: ${why}\n\n${USAGE}`)
  process.exit(2)
}

function print({ seed: at, statement, side, kind, script }: Finding): void {
  process.stdout.write(`\n-- ${kind}, over ${side}: --seed ${at} --statement ${statement}\n${script}\n`)
}

function printCounts({
  statements,
  withRows,
  withErrors,
  crashes,
  seconds,
  ...found
}: SelectFuzzResult): void {
  const perSecond = Math.round(statements / seconds)
  const lines = [
    `\n${statements} statements, ${withRows} answered with rows, ${withErrors} with an error; ${crashes} servers died; ${perSecond}/s`,
    ...counted('differences', found.differences),
    ...counted('of which plain servers do not agree', found.undetermined),
    ...counted('refusals', found.refusals),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

function counted(title: string, counts: ReadonlyMap<string, number>): readonly string[] {
  const sorted = [...counts].sort(([, a], [, b]) => b - a)
  const sum = sorted.reduce((total, [, count]) => total + count, 0)
  return [`${sum} ${title}`, ...sorted.map(([kind, count]) => `${String(count).padStart(7)}  ${kind}`)]
}
