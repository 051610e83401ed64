import { type ChildProcess, spawn } from 'node:child_process'

/**
 * A small shell process that outlives this one just long enough to stop its children. It reads `+ pid` and `- pid`
 * from a pipe; when this process ends in whatever way, SIGKILL included, the pipe closes, and the guard stops what is
 * left: SIGTERM, ten seconds, SIGKILL. In a session of its own, so that Ctrl-C in the terminal does not reach it.
 */
const SCRIPT = `
pids=' '
while read -r op pid; do
  case $op in
    +) pids="$pids$pid " ;;
    -) case $pids in *" $pid "*) pids="\${pids%% "$pid" *} \${pids#* "$pid" }" ;; esac ;;
  esac
done
[ -n "\${pids# }" ] || exit 0
kill -TERM $pids 2>/dev/null
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  left=
  for pid in $pids; do kill -0 "$pid" 2>/dev/null && left=1; done
  [ -z "$left" ] && exit 0
  sleep 0.5
done
kill -KILL $pids 2>/dev/null
`

let guard: ChildProcess | undefined

/** From now on the process `pid` does not outlive this one. */
export function guardProcess(pid: number): void {
  guard ??= startGuard()
  guard.stdin?.write(`+ ${pid}\n`)
}

/** The process has ended: its number may be given to another. */
export function unguardProcess(pid: number): void {
  guard?.stdin?.write(`- ${pid}\n`)
}

function startGuard(): ChildProcess {
  const child = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  child.on('exit', () => {
    guard = undefined
  })
  child.stdin.on('error', () => {}) // the guard was killed; the next start makes a new one
  child.unref()
  ;(child.stdin as unknown as { unref?(): void }).unref?.()
  return child
}
