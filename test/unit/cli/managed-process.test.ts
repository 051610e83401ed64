import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterEach, beforeEach, test } from 'vitest'
import { ManagedProcess, waitUntilReady } from '../../../src/cli/local/managed-process.ts'
import { eventually } from '../../support/eventually.ts'
import { tempDir } from '../../support/temp-dir.ts'

let dir: ReturnType<typeof tempDir>
beforeEach(() => {
  dir = tempDir('process')
})
afterEach(() => dir.remove())

const shell = (script: string, more: { pidFile?: string } = {}) =>
  ManagedProcess.start({
    name: 'child',
    command: '/bin/sh',
    args: ['-c', script],
    logFile: join(dir.path, 'log'),
    ...more,
  })

const never = async () => false

test('a child that ends while it is waited for is reported with its exit code and the end of its log', async () => {
  const child = await shell('echo first; echo cannot bind >&2; exit 3')
  await assert.rejects(
    waitUntilReady(child, never, 10_000),
    /child ended with exit code 3; the end of .*log:\n.*first\n.*cannot bind/,
  )
})

test('a child that never gets ready is stopped and reported', async () => {
  const child = await shell('echo busy; exec sleep 100')
  await assert.rejects(waitUntilReady(child, never, 50), /did not answer within 0\.05 s; .*\n.*busy/)
  assert.equal(child.isRunning, false)
})

test('a program that does not exist is named', async () => {
  const spec = { name: 'child', command: '/nowhere/mysqld', args: [], logFile: join(dir.path, 'log') }
  await assert.rejects(ManagedProcess.start(spec), /child: cannot run \/nowhere\/mysqld: .*ENOENT/)
})

test('a child that does not hear SIGTERM is killed after the grace', async () => {
  const child = await shell('trap "" TERM; echo ready; while :; do sleep 0.05; done')
  await eventually('the trap', () => readFileSync(join(dir.path, 'log'), 'utf8').includes('ready'))
  await child.stop('SIGTERM', 100)
  assert.deepEqual(await child.exited, { code: null, signal: 'SIGKILL' })
})

test('a child of an earlier run is ended before a new one starts', async () => {
  const pidFile = join(dir.path, 'running.pid')
  const earlier = await shell(`sleep 100 # ${dir.path}`, { pidFile })
  const later = await shell(`sleep 100 # ${dir.path}`, { pidFile })
  assert.equal((await earlier.exited).signal, 'SIGTERM')
  assert.equal(later.isRunning, true)
  await later.stop()
  await eventually('the pid file to go', () => !existsSync(pidFile))
})

test('children do not outlive a parent that is killed', async () => {
  const script = join(dir.path, 'parent.mjs')
  const source = new URL('../../../src/cli/local/managed-process.ts', import.meta.url).pathname
  const log = JSON.stringify(join(dir.path, 'log'))
  await build({
    stdin: {
      contents: `import { ManagedProcess } from ${JSON.stringify(source)}
        const child = await ManagedProcess.start({ name: 'c', command: '/bin/sleep', args: ['1000'], logFile: ${log} })
        console.log(child.pid)`,
      resolveDir: dir.path,
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: script,
  })
  const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  const pid = Number(String(line))
  assert.equal(isAlive(pid), true)
  parent.kill('SIGKILL')
  await eventually('the end of the child', () => !isAlive(pid))
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
