/** `duckmesh up`: runs a peer until it is stopped. */
import { loadConfig } from '../config/index.ts'
import { createPeer } from '../peer/create-peer.ts'
import { serveCommands } from './control-channel.ts'
import { printJson, printLine } from './output.ts'
import { stopOnSignal } from './until-signal.ts'

export interface UpOptions {
  config?: string
  json: boolean
  /** Options by path, from `--set path=value`. */
  set: Readonly<Record<string, string>>
}

export async function up(options: UpOptions): Promise<void> {
  const config = await loadConfig({
    file: options.config,
    env: process.env,
    flags: options.set,
    // The second one is set when an older Node hands over to the one of this project.
    otherVariables: ['DUCKMESH_NETWORK_FILE', 'DUCKMESH_REEXEC'],
  })
  const tell = options.json
    ? (event: string, fields: object): void => {
        printJson({ event, ...fields })
      }
    : (): void => undefined
  const peer = await createPeer(config, {
    onSegment: (notice) => {
      tell('segment', notice)
    },
  })
  const stop = stopOnSignal(() => peer.stop())
  serveCommands({ redeem: () => peer.redeem(), status: () => peer.status() }, stop)
  const status = await peer.status()
  if (options.json) {
    tell('ready', status)
    return
  }
  printLine(`Peer ${status.peerId} serves ${status.models.map((model) => model.name).join(', ')}`)
  for (const address of status.addresses) printLine(`  ${address}`)
}
