// What a bare clone lacks: packages and the bundle. Each is made only when it is missing or older than its source.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
export const bundle = join(root, 'dist/shardgate.js')

/** Runs a program with its output on stderr, so that stdout stays the command's own. Throws when it fails. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options })
  if (error || status !== 0)
    throw new Error(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`)
}

/** Installs the packages of package-lock.json, unless exactly those are there. */
export function preparePackages() {
  const lock = join(root, 'package-lock.json')
  const digest = createHash('sha256').update(readFileSync(lock)).digest('hex')
  const stamp = join(root, 'node_modules/.shardgate-lock')
  const installed = join(root, 'node_modules/.package-lock.json') // written by npm when it is done
  if (existsSync(installed)) {
    if (existsSync(stamp) ? readFileSync(stamp, 'utf8') === digest : mtime(installed) >= mtime(lock)) return
  }
  process.stderr.write('shardgate: installing npm packages\n')
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
  writeFileSync(stamp, digest)
}

/** Builds dist/shardgate.js, unless it is newer than all it is made of. */
export function prepareBundle() {
  const sources = ['src', 'package.json', 'package-lock.json', 'scripts/build.mjs'].map((path) =>
    join(root, path),
  )
  if (existsSync(bundle) && mtime(bundle) >= Math.max(...sources.map(newest))) return
  run(process.execPath, ['scripts/build.mjs'])
}

function newest(path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))))
}

function mtime(path) {
  return statSync(path).mtimeMs
}

/** Bundles one of the project's own programs in TypeScript into `outfile`, runs it with `args` and ends as it does. */
export async function runBundled(source, outfile, args) {
  preparePackages()
  const { build } = await import('esbuild') // installed by now
  await build({
    entryPoints: [join(root, source)],
    outfile: join(root, outfile),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
  })
  const { status } = spawnSync(process.execPath, [join(root, outfile), ...args], {
    cwd: root,
    stdio: 'inherit',
  })
  process.exit(status ?? 1)
}
