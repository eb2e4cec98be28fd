/**
 * Runs one native program (anvil) and ends it when the launcher is gone, however it went: the launcher's
 * death closes the IPC channel, also after kill -9.
 */
import { spawn } from 'node:child_process'

const [command, ...args] = process.argv.slice(2)
if (command === undefined) throw new Error('usage: keeper <program> [arguments]')

const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })

let port: string | undefined
let printed = ''
child.stdout.setEncoding('utf8')
child.stdout.on('data', (text: string) => {
  // anvil prints one such line when it is ready; everything else is not needed.
  printed += text
  port ??= /Listening on [^\s:]+:([0-9]+)\s/.exec(printed)?.[1]
  if (port !== undefined) {
    process.stdout.write(
      `${JSON.stringify({ event: 'ready', port: Number(port), pid: child.pid })}\n`,
    )
    child.stdout.removeAllListeners('data')
    child.stdout.resume()
  }
})

function stop(): void {
  child.kill('SIGKILL')
}

child.once('error', (error) => {
  process.stderr.write(`${String(error)}\n`)
  process.exit(1)
})
child.once('exit', (code) => {
  process.exit(code ?? 1)
})
process.on('disconnect', stop)
if (!process.connected) stop()
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
