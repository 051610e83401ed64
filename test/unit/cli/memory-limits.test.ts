import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { memoryLimits, packetMemoryMax, workerHeapArgs } from '../../../src/cli/memory-limits.ts'
import { tempDir } from '../../support/temp-dir.ts'

const MB = 2 ** 20

describe('limits that are not set', () => {
  test('are parts of the heap', () => {
    const limits = memoryLimits({ connection_memory_limit: 0, global_connection_memory_limit: 0 }, 512 * MB)
    assert.deepEqual(limits, {
      memoryMax: 128 * MB,
      sessionMemoryMax: 32 * MB,
      parserMemoryMax: 64 * MB,
      planMemoryMax: 32 * MB,
    })
  })

  test('follow those that are; no session may have more than all', () => {
    const limits = memoryLimits(
      { connection_memory_limit: 900 * MB, global_connection_memory_limit: 40 * MB },
      512 * MB,
    )
    assert.equal(limits.memoryMax, 40 * MB)
    assert.equal(limits.sessionMemoryMax, 40 * MB)
  })

  test('one packet of max_allowed_packet always has room', () => {
    assert.equal(packetMemoryMax({ max_allowed_packet: 64 * MB }, 512 * MB), 256 * MB)
    assert.equal(packetMemoryMax({ max_allowed_packet: 64 * MB }, 100 * MB), 64 * MB)
  })
})

describe('workers', () => {
  test('share the heap in a container', () => {
    assert.deepEqual(workerHeapArgs(4, { heapBytes: 512 * MB, isContained: true }), [
      '--max-old-space-size=128',
    ])
  })

  test('have what node gives them on a machine', () => {
    assert.deepEqual(workerHeapArgs(4, { heapBytes: 4096 * MB, isContained: false }), [])
  })
})

describe('the image', () => {
  const cases = [
    { what: 'cgroup v2', file: 'memory.max', content: '1073741824\n', heap: '512' },
    { what: 'cgroup v2 without a limit', file: 'memory.max', content: 'max\n', heap: undefined },
    { what: 'cgroup v1', file: 'memory/memory.limit_in_bytes', content: '2147483648\n', heap: '1024' },
    {
      what: 'cgroup v1 without a limit',
      file: 'memory/memory.limit_in_bytes',
      content: '9223372036854771712\n',
      heap: undefined,
    },
    { what: 'no cgroup', file: 'nothing', content: '', heap: undefined },
  ]
  for (const { what, file, content, heap } of cases) {
    test(`gives half of the memory to the heap: ${what}`, () => {
      const dir = tempDir('cgroup')
      mkdirSync(join(dir.path, 'memory'))
      writeFileSync(join(dir.path, file), content)
      const fakeNode = join(dir.path, 'node')
      writeFileSync(fakeNode, '#!/bin/sh\necho "$NODE_OPTIONS|$*"\n')
      chmodSync(fakeNode, 0o755)
      const { stdout } = spawnSync('bin/in-container.sh', ['serve', '--check'], {
        env: { PATH: `${dir.path}:${process.env['PATH']}`, CGROUP: dir.path, NODE_OPTIONS: '--own' },
        encoding: 'utf8',
      })
      const options = heap === undefined ? '--own' : `--max-old-space-size=${heap} --own`
      assert.equal(stdout.trim(), `${options}|bin/shardgate.mjs serve --check`)
      dir.remove()
    })
  }
})
