import { type ChildProcess, fork } from 'node:child_process'
import type { SelectFuzzResult } from './select-fuzz.ts'

/** What a job tells its parent: a result, maps as their entries. */
type Told = {
  readonly [K in keyof SelectFuzzResult]: SelectFuzzResult[K] extends number ? number : [string, number][]
}

export interface JobsOptions {
  /** `select` or `writes`. */
  readonly what: string
  readonly jobs: number
  readonly seed: number
  readonly count: number
  readonly perSchema: number
  /** Of the command line; what a job gets beside its seed and count. */
  readonly args: readonly string[]
  readonly signal: AbortSignal
}

/**
 * The statements of one run, divided among processes that each have servers of their own: whole schemas, so that a seed names
 * the same statements as ever. Rejects when a job ends without a result.
 */
export async function runJobs(options: JobsOptions): Promise<SelectFuzzResult> {
  const { jobs, seed, count, perSchema } = options
  const schemas = Math.ceil(count / perSchema / jobs)
  const startedMs = performance.now()
  const running: Promise<Told>[] = []
  for (let first = 0; first < count; first += schemas * perSchema) {
    const ofJob = Math.min(schemas * perSchema, count - first)
    running.push(runJob({ ...options, seed: seed + first / perSchema, count: ofJob }))
  }
  const told = await Promise.all(running)
  return { ...told.reduce(sum), ...mapsOf(told), seconds: (performance.now() - startedMs) / 1000 }
}

function runJob({ what, seed, count, args, signal }: JobsOptions): Promise<Told> {
  const job = fork(process.argv[1]!, [what, ...args, `--seed=${seed}`, `--count=${count}`, '--jobs=1'])
  const end = () => job.kill('SIGTERM')
  signal.addEventListener('abort', end, { once: true })
  return resultOf(job).finally(() => signal.removeEventListener('abort', end))
}

function resultOf(job: ChildProcess): Promise<Told> {
  return new Promise((resolve, reject) => {
    job.once('message', (told) => resolve(told as Told))
    job.once('exit', (code, signal) => reject(new Error(`a job ended without a result: ${code ?? signal}`)))
  })
}

/** In a job: the result goes to the process that divides the statements. Resolves once it has it. */
export function tellParent(result: SelectFuzzResult): Promise<void> {
  const { differences, refusals, undetermined, ...numbers } = result
  const told: Told = {
    ...numbers,
    differences: [...differences],
    refusals: [...refusals],
    undetermined: [...undetermined],
  }
  return new Promise((resolve, reject) =>
    process.send!(told, (error: Error | null) => (error ? reject(error) : resolve())),
  )
}

function sum(a: Told, b: Told): Told {
  return {
    ...a,
    statements: a.statements + b.statements,
    withRows: a.withRows + b.withRows,
    withErrors: a.withErrors + b.withErrors,
    crashes: a.crashes + b.crashes,
  }
}

function mapsOf(told: readonly Told[]): Pick<SelectFuzzResult, 'differences' | 'refusals' | 'undetermined'> {
  const added = (name: 'differences' | 'refusals' | 'undetermined') => {
    const counts = new Map<string, number>()
    for (const [kind, count] of told.flatMap((each) => each[name]))
      counts.set(kind, (counts.get(kind) ?? 0) + count)
    return counts
  }
  return {
    differences: added('differences'),
    refusals: added('refusals'),
    undetermined: added('undetermined'),
  }
}
