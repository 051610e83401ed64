// Servers that the local cluster and the tests run: found on this machine, or installed when we are root on Debian.
// Only programs are installed; no service is left running or enabled.
import { spawnSync } from 'node:child_process'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { run } from './prepare.mjs'

const SERVER_DIRS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin']

export function find(...names) {
  const dirs = [...(process.env.PATH ?? '').split(delimiter), ...SERVER_DIRS]
  for (const name of names)
    for (const dir of dirs) {
      const path = join(dir, name)
      if (dir !== '' && isExecutable(path)) return path
    }
  return undefined
}

/** A MySQL server program, MariaDB's when one has to be installed. Returns what is still missing, in words. */
export function prepareMariadb() {
  if (find('mariadbd', 'mysqld')) return undefined
  const packages = ['mariadb-server-core', 'mariadb-client-core']
  if (tryApt(packages) || tryApt(['mariadb-server'])) return undefined
  return `no MySQL or MariaDB server: run \`apt-get install ${packages.join(' ')}\` as root, or name one with --mysqld`
}

export function prepareEtcd() {
  if (find('etcd')) return undefined
  if (tryApt(['etcd-server'])) {
    // The package enables a service for the next boot; the program is all we need.
    if (existsSync('/run/systemd/system'))
      spawnSync('systemctl', ['disable', '--now', 'etcd'], { stdio: 'ignore' })
    return undefined
  }
  return 'no etcd: run `apt-get install etcd-server` as root'
}

/** A test runs it where it is. */
export function prepareSysbench() {
  if (find('sysbench') || tryApt(['sysbench'])) return undefined
  return 'no sysbench: run `apt-get install sysbench` as root'
}

/**
 * A real MySQL for tests and its command line client, beside MariaDB: `$SHARDGATE_TEST_MYSQLD`, or Debian unstable's in a folder of its own under
 * the cache directory, made once (about a minute) and run through the folder's own loader, without a chroot.
 */
export function prepareMysql() {
  if (process.env.SHARDGATE_TEST_MYSQLD) return undefined
  const dir = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'shardgate/mysql')
  if (isExecutable(join(dir, 'mysqld'))) return undefined
  const hint = 'set SHARDGATE_TEST_MYSQLD to the path of a mysqld'
  const loader = { x64: 'lib64/ld-linux-x86-64.so.2', arm64: 'lib/ld-linux-aarch64.so.1' }[process.arch]
  const libs = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch]
  if (!loader || !isRoot() || !find('apt-get')) return `no MySQL server: ${hint}`
  if (!find('debootstrap') && !tryApt(['debootstrap']))
    return `no MySQL server, and no debootstrap to get one: ${hint}`
  const mirror = aptMirror()
  if (!mirror) return `no MySQL server, and no mirror in /etc/apt to get one from: ${hint}`
  process.stderr.write('shardgate: installing MySQL for the tests (about a minute, once)\n')
  const root = join(dir, 'root')
  rmSync(root, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  try {
    const args = ['--variant=minbase', '--include=mysql-server-core,mysql-client-core', 'sid', root, mirror]
    run('debootstrap', args, { stdio: 'ignore' })
  } catch (error) {
    rmSync(root, { recursive: true, force: true })
    return `no MySQL server: ${error.message}; ${hint}`
  }
  const libraries = [`usr/lib/${libs}`, `lib/${libs}`, 'usr/lib/mysql/private']
    .map((path) => join(root, path))
    .join(':')
  const settings = [
    `--basedir=${root}/usr`,
    `--plugin-dir=${root}/usr/lib/mysql/plugin`,
    `--lc-messages-dir=${root}/usr/share/mysql`,
    `--character-sets-dir=${root}/usr/share/mysql/charsets`,
    '--secure-file-priv=',
  ]
  const start = `exec ${root}/${loader} --library-path ${libraries}`
  const programs = {
    mysql: `${start} ${root}/usr/bin/mysql "$@"`,
    mysqld: `${start} ${root}/usr/sbin/mysqld "$@" ${settings.join(' ')}`,
  }
  for (const [name, command] of Object.entries(programs))
    writeFileSync(join(dir, name), `#!/bin/sh\n${command}\n`, { mode: 0o755 })
  return undefined
}

/** Whether apt has installed them; false where it cannot. */
export function tryApt(packages) {
  if (!isRoot() || !find('apt-get')) return false
  process.stderr.write(`shardgate: installing ${packages.join(' ')}\n`)
  const unlock = forbidServices()
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const install = () =>
      run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env })
    try {
      install()
    } catch {
      run('apt-get', ['update', '-qq'], { env }) // the lists may be missing or old
      install()
    }
    return true
  } catch (error) {
    process.stderr.write(`shardgate: ${error.message}\n`)
    return false
  } finally {
    unlock()
  }
}

/** Debian's packages start their services; `policy-rc.d` is asked first and may say no (101). */
function forbidServices() {
  const policy = '/usr/sbin/policy-rc.d'
  if (existsSync(policy)) return () => {}
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  return () => rmSync(policy, { force: true })
}

/** The mirror this machine's own packages come from. */
function aptMirror() {
  const files = ['/etc/apt/sources.list']
  const more = '/etc/apt/sources.list.d'
  if (existsSync(more))
    files.push(
      ...readdirSync(more)
        .filter((n) => /\.(?:list|sources)$/.test(n))
        .map((n) => join(more, n)),
    )
  for (const file of files.filter((path) => existsSync(path))) {
    const match = /^(?:URIs:\s*|deb\s+(?:\[[^\]]*\]\s*)?)(https?:\/\/\S+)/m.exec(readFileSync(file, 'utf8'))
    if (match) return match[1]
  }
  return undefined
}

function isRoot() {
  return process.getuid?.() === 0
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
