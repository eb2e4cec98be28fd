/**
 * The commands a supervisor may send to a process it started (IPC channel of `child_process`): the only
 * way into a running peer besides the mesh. When the supervisor is gone the process stops.
 */
import { DuckMeshError, toDuckMeshError } from '@duckmesh/protocols'
import { toJson } from './output.ts'

export type Commands = Readonly<
  Record<string, (fields: Record<string, unknown>) => Promise<unknown>>
>

interface Message {
  command: string
  id: string
}

/** Answers commands until the channel closes; then calls `onGone`. Does nothing without a supervisor. */
export function serveCommands(commands: Commands, onGone: () => void): void {
  if (process.send === undefined) return
  process.on('disconnect', onGone)
  // It may have gone while this process was starting, when nobody listened.
  if (!process.connected) onGone()
  process.on('message', (message) => {
    if (!isMessage(message)) return
    const { command, id, ...fields } = message
    const run = Object.hasOwn(commands, command) ? commands[command] : undefined
    void answer(id, run === undefined ? () => unknownCommand(command) : () => run(fields))
  })
}

function isMessage(message: unknown): message is Message & Record<string, unknown> {
  if (typeof message !== 'object' || message === null) return false
  if (!('command' in message) || !('id' in message)) return false
  return typeof message.command === 'string' && typeof message.id === 'string'
}

function unknownCommand(command: string): Promise<never> {
  return Promise.reject(new DuckMeshError('NOT_SUPPORTED', `There is no command "${command}".`))
}

async function answer(id: string, run: () => Promise<unknown>): Promise<void> {
  try {
    const result = await run()
    tell({ id, ok: true, result: JSON.parse(toJson(result ?? null)) as unknown })
  } catch (thrown) {
    const { cause, code, details, message } = toDuckMeshError(thrown)
    const error = { code, message, details, cause: causesOf(cause) }
    tell({ id, ok: false, error: JSON.parse(toJson(error)) as unknown })
  }
}

/** What an error came from, outermost first, as text: a supervisor prints it. */
function causesOf(cause: unknown): string[] {
  if (cause === undefined || cause === null) return []
  return cause instanceof Error ? [String(cause), ...causesOf(cause.cause)] : [toJson(cause)]
}

function tell(message: Record<string, unknown>): void {
  // The supervisor may be gone by now; then nobody waits for the answer.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined)
}
