/** Runs child processes for the scripts of this folder: captured or shown, in their own group, ended with their parent. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Absolute path of the repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '')

/** Groups of the children that still run, by process id of their leader. */
const running = new Set()

/** True once a signal has come: what still runs is being ended, so nothing starts and no result counts. */
let stopping = false

/** Environment in which the project's own binaries, Node 24 among them, come first. */
export const toolEnvironment = (extra = {}) => ({
  ...process.env,
  PATH: [join(root, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter),
  ...extra,
})

/**
 * Runs a command to its end and resolves to `{ code, stdout, stderr, output, seconds }`; it never rejects.
 * `timeoutMs` ends the whole group and gives code 124. A binary that cannot be started gives code 127.
 */
export function run(command, args, { cwd = root, env = {}, input, timeoutMs, onLine } = {}) {
  return new Promise((resolve) => {
    if (stopping) return
    const started = process.hrtime.bigint()
    const child = spawn(command, args, {
      cwd,
      env: toolEnvironment(env),
      detached: process.platform !== 'win32',
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    const text = { stdout: '', stderr: '', output: '' }
    const timer = timeoutMs === undefined ? undefined : setTimeout(stop, timeoutMs)
    let ended = false
    let late = false

    function stop() {
      late = true
      endGroup(child.pid, 2000)
    }
    function finish(code) {
      if (ended) return
      ended = true
      clearTimeout(timer)
      if (child.pid !== undefined) {
        // Whatever the command left behind ends with it.
        killGroup(child.pid, 'SIGKILL')
        running.delete(child.pid)
      }
      if (late) text.output += `\nstopped after ${timeoutMs / 1000} s\n`
      const seconds = Number(process.hrtime.bigint() - started) / 1e9
      if (!stopping) resolve({ code: late ? 124 : code, seconds, ...text })
    }
    for (const stream of ['stdout', 'stderr']) {
      child[stream].setEncoding('utf8').on('data', (data) => {
        text[stream] += data
        text.output += data
        onLine?.(data, stream)
      })
    }
    if (child.pid !== undefined) running.add(child.pid)
    if (input !== undefined) child.stdin.end(input)
    child.on('error', (error) => {
      text.output += `${command}: ${error.message}\n`
      text.stderr += `${command}: ${error.message}\n`
      finish(127)
    })
    // `close` waits for the pipes; a stray grandchild may hold them, so `exit` starts a short grace time.
    child.on('exit', (code, signal) => {
      const status = code ?? 128 + (constants.signals[signal] ?? 0)
      setTimeout(() => finish(status), 2000).unref()
      child.on('close', () => finish(status))
    })
  })
}

/**
 * Ends this process on SIGINT, SIGTERM or SIGHUP, after every child group that still runs. A child has `graceMs` to end
 * its own children before it is killed.
 */
export function endChildrenOnSignal(graceMs = 2000) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, async () => {
      stopping = true
      await Promise.all([...running].map((pid) => endGroup(pid, graceMs)))
      process.exit(128 + constants.signals[signal])
    })
  }
  process.on('exit', () => {
    for (const pid of running) killGroup(pid, 'SIGKILL')
  })
}

/** Asks a group to end, and kills it after a time. */
async function endGroup(pid, graceMs) {
  killGroup(pid, 'SIGTERM')
  for (let waited = 0; waited < graceMs && killGroup(pid, 0); waited += 50) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  killGroup(pid, 'SIGKILL')
}

/** Signals a group; false when nothing of it is left. */
function killGroup(pid, signal) {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal)
    return true
  } catch {
    return false
  }
}
