/** Runs a seed peer as a process: prints its addresses as JSON lines on stdout, failures on stderr. */
import { toDuckMeshError } from '@duckmesh/protocols'
import { createSeed } from './create-seed.ts'
import { exitCodeOf } from './exit-codes.ts'
import type { Seed } from './interface.ts'
import { USAGE, parseSeedArgs } from './parse-args.ts'

/** Longest orderly stop, ms; nobody may be there to end a process that hangs. */
const STOP_LIMIT_MS = 10_000

function tell(event: string, fields: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`)
}

async function main(): Promise<void> {
  const argv = process.argv.slice(2)
  if (argv.includes('--help')) {
    process.stdout.write(USAGE)
    return
  }
  const seed = await createSeed(parseSeedArgs(argv))
  stopWhenTold(seed)
  tell('ready', { peerId: seed.peerId, addresses: seed.addresses() })
}

/** Signals, or the end of the launcher that started this process, also when that came before now. */
function stopWhenTold(seed: Seed): void {
  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref()
    void seed.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  const onSignal = (): void => {
    if (stopping) process.exit(1)
    stop()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  process.on('disconnect', stop)
  if (process.send !== undefined && !process.connected) stop()
}

main().catch((error: unknown) => {
  const failure = toDuckMeshError(error)
  process.stderr.write(`${failure.code}: ${failure.message}\n`)
  process.exit(exitCodeOf(failure))
})
