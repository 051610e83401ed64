import { existsSync } from 'node:fs'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '../../base/make-folder.ts'
import { type FileLock, tryLock } from '../../topology/files/file-lock.ts'

/**
 * The folder of a `shardgate local`: made or taken over empty, then marked, and held by one process at a time. What is
 * not in this list was put there by somebody else: it is never removed, and keeps a folder from being taken or cleared.
 */
const MARK = 'made-by-shardgate-local'
const HOLDS = ['etcd', 'servers', 'topology', 'topology-cache.json', 'users.json'] as const
/** Older folders have no mark: their state names its format. */
const STATE = 'state.json'
const LOCK = 'lock'
/** What a killed process leaves of a file that it was writing: its name, and a process's number or an id. */
const DRAFT = /^(lock|state\.json|users\.json|topology-cache\.json)\.(\d+\.tmp|[\da-f-]{36})$/

/** Makes the folder, or takes it when it is empty or marked. Rejects when it is somebody else's, or in use. */
export async function openDataDir(dataDir: string): Promise<FileLock> {
  await makeFolder(dataDir, 0o700).catch((error: Error) => {
    throw new Error(`--data-dir ${dataDir} cannot be made: ${error.message}`, { cause: error })
  })
  const entries = await readdir(dataDir)
  // Names like ours are no mark: they may be anybody's. A lock may be that of a start at the same moment.
  const other = entries.find((entry) => entry !== LOCK && !DRAFT.test(entry))
  if (!isMarked(entries) && other !== undefined)
    throw new Error(
      `${dataDir} holds '${other}' and is no folder of shardgate local: choose another --data-dir`,
    )
  const lock = await lockDataDir(dataDir)
  await writeFile(join(dataDir, MARK), 'shardgate local --reset clears this folder.\n')
  return lock
}

/** Removes what earlier runs made. Rejects, with everything in place, when it is in use or holds anything else. */
export async function clearDataDir(dataDir: string): Promise<void> {
  if (!existsSync(dataDir)) return
  const entries = await readdir(dataDir)
  if (entries.length === 0) return
  const other = entries.find((entry) => !isOwn(entry))
  if (other !== undefined)
    throw new Error(
      `--reset removes nothing: ${dataDir} holds '${other}', which shardgate local did not make; ` +
        'move that away, or choose another --data-dir',
    )
  if (!isMarked(entries))
    throw new Error(
      `--reset removes nothing: ${dataDir} was not made by shardgate local; choose another --data-dir`,
    )
  const lock = await lockDataDir(dataDir)
  try {
    // The mark goes last: a reset that is interrupted can be done again.
    const last = (entry: string) => (entry === MARK || entry === STATE ? 1 : 0)
    for (const entry of entries.filter((e) => e !== LOCK).sort((a, b) => last(a) - last(b)))
      await rm(join(dataDir, entry), { recursive: true, force: true })
  } finally {
    await lock.release()
  }
}

function isOwn(entry: string): boolean {
  return [MARK, STATE, LOCK, ...HOLDS].includes(entry) || DRAFT.test(entry)
}

function isMarked(entries: readonly string[]): boolean {
  return entries.includes(MARK) || (entries.includes(STATE) && entries.includes('servers'))
}

async function lockDataDir(dataDir: string): Promise<FileLock> {
  const lock = await tryLock(join(dataDir, LOCK))
  if (lock) return lock
  throw new Error(`${dataDir} is in use by another shardgate local; stop it or take another --data-dir`)
}
