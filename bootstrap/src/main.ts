/** Runs a seed peer as a process: prints its addresses as JSON lines on stdout, logs on stderr. */
import { toDuckMeshError } from '@duckmesh/protocols'
import { createSeed } from './create-seed.ts'
import { USAGE, parseSeedArgs } from './parse-args.ts'

/** Exit codes by sysexits: 78 bad configuration, 69 unavailable. */
const EXIT_CONFIG = 78
const EXIT_UNAVAILABLE = 69

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
  tell('ready', { peerId: seed.peerId, addresses: seed.addresses() })
  let stopping = false
  const stop = (): void => {
    if (stopping) process.exit(1)
    stopping = true
    void seed.stop().then(() => {
      process.exit(0)
    })
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  // Started by a launcher: when it is gone, so are we.
  process.on('disconnect', stop)
  if (process.send !== undefined && !process.connected) stop()
}

main().catch((error: unknown) => {
  const failure = toDuckMeshError(error, 'INTERNAL')
  process.stderr.write(`${failure.code}: ${failure.message}\n`)
  process.exit(failure.stage === 'config' ? EXIT_CONFIG : EXIT_UNAVAILABLE)
})
