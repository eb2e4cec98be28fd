/** `duckmesh models pull`: fetches a model from the peers of a network that have it. */
import { bytesToHex } from '@duckmesh/protocols'
import type { Hex } from '@duckmesh/protocols'
import type { PullEvent } from '@duckmesh/protocols/fetch'
import { silentLogger, systemClock } from '@duckmesh/sdk'
import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { CID } from 'multiformats/cid'
import { pullFromNetwork } from '../fetch/index.ts'
import { cidOfModel, normalCid } from '../models/model-cid.ts'
import { formatBytes } from './format-bytes.ts'
import { openStore, storeFolder } from './models-store.ts'
import type { ModelsOptions } from './models-store.ts'
import { findNetworkFile, readNetworkFile } from './network-file.ts'
import { printJson, printLine, printable } from './output.ts'
import { ProgressLine } from './progress-line.ts'

export interface PullOptions extends ModelsOptions {
  network?: string
  pin: boolean
}

/** Adds the command to the group `models`. */
export function addPull(models: Command): void {
  models
    .command('pull')
    .description('fetch a model from peers that have it; run again, it goes on where it was')
    .argument('<cid>', 'CID or id of the model', modelIdOf)
    .option('--network <file>', 'network file; the newest running local network when left out')
    .option('--pin', 'never let it go to make room', false)
    .action(async (modelId: Hex, _: object, command: Command) => {
      await modelsPull(modelId, command.optsWithGlobals<PullOptions>())
    })
}

/**
 * Rejects with NO_PEERS, NO_HOLDERS, CANCELLED at Ctrl-C, or as the store does; what was fetched is kept for the
 * next time.
 */
export async function modelsPull(modelId: Hex, options: PullOptions): Promise<void> {
  const path = options.network ?? process.env['DUCKMESH_NETWORK_FILE']
  const file = await (path === undefined ? findNetworkFile(process.cwd()) : readNetworkFile(path))
  const store = await openStore(options)
  const cancel = new AbortController()
  const onInterrupt = (): void => {
    cancel.abort()
  }
  // Once: a second Ctrl-C ends the process as usual.
  process.once('SIGINT', onInterrupt)
  const view = createView(options)
  const startMs = systemClock.now()
  try {
    const { network } = file
    const { onEvent } = view
    const { signal } = cancel
    const shared = { network, modelId, logger: silentLogger, onEvent, signal }
    const { manifest } = await pullFromNetwork({ ...shared, sink: store })
    if (options.pin) await store.pin(modelId)
    view.end()
    tell(modelId, manifest.name, (systemClock.now() - startMs) / 1_000, options, view.bytes())
  } finally {
    view.end()
    process.off('SIGINT', onInterrupt)
  }
}

interface View {
  onEvent: (event: PullEvent) => void
  bytes: () => number
  end: () => void
}

/** Every event as a line with --json, else a bar on a terminal and a line for each peer that failed. */
function createView({ json }: PullOptions): View {
  const { stderr } = process
  const line = new ProgressLine((text) => {
    if (stderr.isTTY) stderr.write(text)
  })
  let bytes = 0
  const onEvent = (event: PullEvent): void => {
    if (event.type === 'manifest') bytes = event.bytes
    if (json) printJson(event)
    else if (event.type === 'progress') line.show(event, systemClock.now())
    else if (event.type === 'blamed') {
      line.end()
      stderr.write(`Peer ${event.peer} is not asked again: ${printable(event.reason)}\n`)
    }
  }
  const end = (): void => {
    line.end()
  }
  return { onEvent, bytes: () => bytes, end }
}

function tell(id: Hex, name: string, seconds: number, options: PullOptions, bytes: number): void {
  const cid = cidOfModel(id) ?? id
  const store = storeFolder(options)
  if (options.json) printJson({ type: 'done', cid, modelId: id, name, bytes, seconds, store })
  else printLine(`${name} (${cid}), ${formatBytes(bytes)}, is in ${store}`)
}

function modelIdOf(text: string): Hex {
  const cid = normalCid(text) ?? cidOfModel(text)
  if (cid === undefined) throw new InvalidArgumentError('expected the CID or the id of a model')
  return bytesToHex(CID.parse(cid).multihash.digest)
}
