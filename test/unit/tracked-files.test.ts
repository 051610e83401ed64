import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

function trackedTexts(): ReadonlyMap<string, string> {
  const names = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0')
  const files = names.filter((name) => name !== '' && existsSync(join(root, name)))
  // A link to a folder is one name, its files have their own.
  const small = files.filter((name) => {
    const found = statSync(join(root, name))
    return found.isFile() && found.size < 4_000_000
  })
  return new Map(small.map((name) => [name, readFileSync(join(root, name), 'latin1')]))
}

const texts = existsSync(join(root, '.git')) ? trackedTexts() : new Map<string, string>()

/** Written so that this file does not contain what it looks for. */
const patterns = [
  {
    what: 'the host of a package registry',
    pattern: /https?:\/\/[\w.-]*(?:registry|npm|yarn|artifact|nexus)[\w.-]*[:/]/i,
  },
  {
    what: 'the host of a Debian mirror',
    pattern: /https?:\/\/(?:[\w.-]*\.)?(?:deb|debian|ubuntu)\.[\w.-]+/i,
  },
  { what: "a path of somebody's machine", pattern: /(?<![\w.~$}-])\/(?:work|home|Users|root)\/[a-z]/ },
] as const

for (const { what, pattern } of patterns) {
  test.skipIf(texts.size === 0)(`no tracked file names ${what}`, () => {
    const found = [...texts]
      .filter(([, text]) => pattern.test(text))
      .map(([name, text]) => `${name}: ${pattern.exec(text)?.[0]}`)
    assert.deepEqual(found, [])
  })
}

test.skipIf(texts.size === 0)(
  'the lock file has a version and a digest for each package, and no address',
  () => {
    const lock = JSON.parse(texts.get('package-lock.json') ?? '{}') as {
      packages: Record<string, { version?: string; integrity?: string; resolved?: string }>
    }
    const packages = Object.entries(lock.packages).filter(([name]) => name !== '')
    assert.ok(packages.length > 0)
    assert.deepEqual(
      packages.filter(([, p]) => !p.version || !p.integrity || p.resolved).map(([name]) => name),
      [],
    )
  },
)

test.skipIf(texts.size === 0)(
  'the lock file has the packages of every platform, or npm ci would refuse it',
  () => {
    const lock = JSON.parse(texts.get('package-lock.json') ?? '{}') as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>
    }
    const names = new Set(
      Object.keys(lock.packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 13)),
    )
    const wanted = Object.values(lock.packages).flatMap((p) => Object.keys(p.optionalDependencies ?? {}))
    assert.ok(wanted.length > 0)
    assert.deepEqual(
      wanted.filter((name) => !names.has(name)),
      [],
    )
  },
)
