import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { TopologyError } from '../store.ts'

const WAIT_MS = 10_000
const RETRY_MS = 20

export interface FileLock {
  /** What the file holds while the lock is held. */
  readonly token: string
  /** Whether the lock is still this holder's. */
  isHeld(): Promise<boolean>
  release(): Promise<void>
}

/**
 * A lock between processes of one machine: a file that exists only once, created by `link(2)`, which is atomic and
 * fails when the name is taken. It holds `pid token`; the lock of a process that is gone is taken away by renaming it
 * and looking once more at what was renamed, so that two that saw the same dead holder cannot both win.
 */
export async function tryLock(file: string): Promise<FileLock | undefined> {
  const mine = `${process.pid} ${randomUUID()}`
  const draft = `${file}.${randomUUID()}`
  await writeFile(draft, mine, { mode: 0o600 })
  try {
    if (!(await create(draft, file)) && !((await breakDead(file)) && (await create(draft, file))))
      return undefined
  } finally {
    await rm(draft, { force: true })
  }
  return {
    token: mine,
    isHeld: async () => (await readHolder(file)) === mine,
    release: async () => {
      if ((await readHolder(file)) === mine) await rm(file, { force: true })
    },
  }
}

/** Runs `work` alone. Waits up to 10 s for whoever holds the lock. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const untilMs = Date.now() + WAIT_MS
  let lock = await tryLock(file)
  while (!lock) {
    if (Date.now() > untilMs)
      throw new TopologyError('unavailable', `${file} is held by process ${await readHolder(file)}`)
    await sleep(RETRY_MS)
    lock = await tryLock(file)
  }
  try {
    return await work()
  } finally {
    await lock.release()
  }
}

async function create(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** True when a dead holder's lock was taken away. */
async function breakDead(file: string): Promise<boolean> {
  const holder = await readHolder(file)
  if (holder === undefined) return true
  if (isAlive(Number.parseInt(holder, 10))) return false
  const aside = `${file}.${randomUUID()}`
  try {
    await rename(file, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true
    throw error
  }
  const isSame = (await readHolder(aside)) === holder
  if (!isSame) await create(aside, file) // a live holder's lock after all: put it back
  await rm(aside, { force: true })
  return isSame
}

/** The token of whoever holds the lock; undefined for nobody. */
export async function readHolder(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
