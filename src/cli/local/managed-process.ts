import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { guardProcess, unguardProcess } from './guard.ts'
import { endLeftover, removePid, writePid } from './leftover.ts'

export interface ProcessSpec {
  /** For messages: `mysqld of shop/-80`. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Takes stdout and stderr; appended to. */
  readonly logFile: string
  readonly env?: Readonly<Record<string, string>>
  /** Holds the process's number while it runs; a process of an earlier run that it names is ended first. */
  readonly pidFile?: string
}

export interface ProcessExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

const TAIL_LINES = 15
const STOP_GRACE_MS = 30_000

/** A child process with a log file, in a process group of its own, that never outlives this process. */
export class ManagedProcess {
  readonly name: string
  readonly logFile: string
  /** Resolves when the process has ended, for whatever reason. */
  readonly exited: Promise<ProcessExit>
  readonly #child: ChildProcess
  #isStopping = false

  /** Starts it. Rejects when the program cannot be run at all. */
  static async start(spec: ProcessSpec): Promise<ManagedProcess> {
    if (spec.pidFile) await endLeftover(spec.pidFile, dirname(spec.pidFile))
    const log = openSync(spec.logFile, 'a', 0o600)
    try {
      const child = spawn(spec.command, [...spec.args], {
        stdio: ['ignore', log, log],
        detached: true,
        ...(spec.env && { env: { ...process.env, ...spec.env } }),
      })
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve)
        child.once('error', (error) =>
          reject(new Error(`${spec.name}: cannot run ${spec.command}: ${error.message}`)),
        )
      })
      return new ManagedProcess(spec, child)
    } finally {
      closeSync(log)
    }
  }

  private constructor(spec: ProcessSpec, child: ChildProcess) {
    this.name = spec.name
    this.logFile = spec.logFile
    this.#child = child
    const pid = child.pid!
    guardProcess(pid)
    if (spec.pidFile) writePid(spec.pidFile, pid)
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        unguardProcess(pid)
        if (spec.pidFile) removePid(spec.pidFile)
        resolve({ code, signal })
      })
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** True when the end of the process was asked for. */
  get isStopping(): boolean {
    return this.#isStopping
  }

  /** Sends `signal` and waits; after the grace it is SIGKILL. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', graceMs: number = STOP_GRACE_MS): Promise<void> {
    this.#isStopping = true
    if (!this.isRunning) return
    this.#child.kill(signal)
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), graceMs)
    await this.exited
    clearTimeout(timer)
  }

  /** Pauses or resumes the process, as a machine that hangs would. */
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    this.#child.kill(signal)
  }

  /** What the process said last, for a message about its end. */
  describeEnd(exit: ProcessExit): string {
    const how = exit.signal ? `was ended by ${exit.signal}` : `ended with exit code ${exit.code}`
    return `${this.name} ${how}; the end of ${this.logFile}:\n${tailOf(this.logFile)}`
  }
}

/** The last lines of a log, indented. */
export function tailOf(file: string): string {
  const text = existsSync(file) ? readFileSync(file, 'utf8').trimEnd() : ''
  const lines = text === '' ? ['(empty)'] : text.split('\n').slice(-TAIL_LINES)
  return lines.map((line) => `    ${line}`).join('\n')
}

/**
 * Asks `probe` at short intervals until it resolves to true. Rejects when the process ends first, with the tail of
 * its log, after `timeoutMs`, or with the reason of `signal` (the process is stopped then).
 */
export async function waitUntilReady(
  child: ManagedProcess,
  probe: () => Promise<boolean>,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const untilMs = Date.now() + timeoutMs
  let exit: ProcessExit | undefined
  void child.exited.then((e) => {
    exit = e
  })
  for (let pauseMs = 10; ; pauseMs = Math.min(100, pauseMs * 1.5)) {
    if (exit) throw new Error(child.describeEnd(exit))
    if (signal?.aborted) {
      await child.stop()
      throw signal.reason
    }
    if (await probe()) return
    if (Date.now() > untilMs) {
      await child.stop('SIGKILL')
      throw new Error(
        `${child.name} did not answer within ${timeoutMs / 1000} s; ${child.logFile}:\n${tailOf(child.logFile)}`,
      )
    }
    await Promise.race([child.exited, new Promise((resolve) => setTimeout(resolve, pauseMs))])
  }
}
