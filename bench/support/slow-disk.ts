import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const SOURCE = `
#define _GNU_SOURCE
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>
static void wait_us(long us) { struct timespec t = {us / 1000000, us % 1000000 * 1000}; nanosleep(&t, 0); }
int fsync(int fd) { wait_us(FLUSH_US); return syscall(SYS_fsync, fd); }
int fdatasync(int fd) { wait_us(FLUSH_US); return syscall(SYS_fdatasync, fd); }
`

/**
 * A library for LD_PRELOAD that has each fsync() and fdatasync() take `flushMs` longer: a disk of which one flush costs what it does in
 * the cloud (0.5 to 2 ms), with servers that are otherwise as they are. Needs a C compiler, `cc`; throws where there is none.
 */
export function slowDiskLibrary(dir: string, flushMs: number): string {
  const source = join(dir, 'slow-disk.c')
  const library = join(dir, 'slow-disk.so')
  writeFileSync(source, SOURCE)
  const args = ['-shared', '-fPIC', '-O1', `-DFLUSH_US=${Math.round(flushMs * 1000)}L`, '-o', library, source]
  const { status, stderr } = spawnSync('cc', args)
  if (status !== 0) throw new Error(`cc cannot build the slow disk: ${stderr ?? 'there is no cc'}`)
  return library
}
