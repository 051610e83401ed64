import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'

const WAIT_MS = 30_000

/**
 * Waits for the process of an earlier run, named by `pidFile`, to end; asks it to. An earlier parent that was killed
 * leaves a guard that stops its children, which takes a moment. `mark` must be in the process's command line, so that
 * a number that was given to somebody else since is left alone.
 */
export async function endLeftover(pidFile: string, mark: string): Promise<void> {
  const pid = readPid(pidFile)
  if (pid === undefined || !isOurs(pid, mark)) return
  process.kill(pid, 'SIGTERM')
  const untilMs = Date.now() + WAIT_MS
  while (isOurs(pid, mark)) {
    if (Date.now() > untilMs)
      throw new Error(`process ${pid} of an earlier run does not end: kill ${pid}, or kill -9 ${pid}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export function writePid(pidFile: string, pid: number): void {
  writeFileSync(pidFile, `${pid}\n`, { mode: 0o600 })
}

export function removePid(pidFile: string): void {
  rmSync(pidFile, { force: true })
}

function readPid(pidFile: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(pidFile, 'utf8'), 10) || undefined
  } catch {
    return undefined // no file: no earlier run
  }
}

function isOurs(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(mark)
  } catch {
    // No such process, or a system without /proc.
  }
  if (process.platform === 'linux') return false
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(mark)
  } catch {
    return false // no such process
  }
}
