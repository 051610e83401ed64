import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { eventually } from './eventually.ts'

const start = new URL('../../scripts/start.mjs', import.meta.url).pathname

/** The program as a user runs it from a clone: `npm run shardgate -- …`. */
export interface RunningShardgate {
  readonly process: ChildProcess
  /** What it has printed so far, stdout and stderr. */
  output(): string
  /** Resolves with the exit code. */
  readonly exited: Promise<number | null>
}

export function runShardgate(...args: readonly string[]): RunningShardgate {
  const child = spawn(process.execPath, [start, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const take = (chunk: Buffer) => {
    output += String(chunk)
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const stop = () => child.kill('SIGTERM')
  process.once('exit', stop)
  child.once('close', () => {
    process.off('exit', stop)
    // Not the test alone fails then: the run does, for nobody awaits this.
    if (output.includes('unexpected error')) throw new Error(`an error without an owner:\n${output}`)
  })
  // 'close' rather than 'exit': by then all output has arrived.
  const exited = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  return { process: child, output: () => output, exited }
}

/** What `--ready-file` says, once it is written. Rejects with the output when the program ends first. */
export async function readyFile(
  running: RunningShardgate,
  file: string,
): Promise<{ readonly host: string; readonly port: number; readonly user: string; readonly pid: number }> {
  let exitCode: number | null | undefined
  void running.exited.then((code) => {
    exitCode = code
  })
  await eventually(
    'the ready file',
    () => {
      if (exitCode !== undefined) throw new Error(`it ended with exit code ${exitCode}:\n${running.output()}`)
      return existsSync(file)
    },
    90_000,
  )
  return JSON.parse(readFileSync(file, 'utf8'))
}
