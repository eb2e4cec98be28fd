/** Fetches a file by the own protocol as a process of its own: folder, model id, size, addresses of holders. */
import { join } from 'node:path'
import { DuckMeshError } from '@duckmesh/protocols'
import { FetchClient, pullModel } from '@duckmesh/protocols/fetch'
import type { PullEvent } from '@duckmesh/protocols/fetch'
import { BindingBook, buildHello } from '@duckmesh/protocols/mesh'
import { SdkCrypto, createClientHost, silentLogger, systemClock } from '@duckmesh/sdk'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { BENCH_NETWORK as network } from '../fetch/bench-network.ts'
import { FileSink } from '../fetch/file-sink.ts'
import { sha256 } from '../fetch/sha256.ts'
import { FetchWatch } from './fetch-told.ts'

const [folder, modelId, size, ...addresses] = process.argv.slice(2)
if (folder === undefined || modelId === undefined || addresses.length === 0) {
  throw new DuckMeshError('CONFIG_INVALID', 'usage: folder, model id, size, addresses')
}
process.on('disconnect', () => process.exit(0))
const watch = new FetchWatch(Number(size))
const clock = systemClock
const host = await createClientHost({
  privateKey: await generateKeyPair('Ed25519'),
  local: true,
})
const bindings = new BindingBook({ network, crypto: new SdkCrypto(), clock })
const hello = (): ReturnType<typeof buildHello> => buildHello(network, {})
const port = new FetchClient({ bindings, clock, hello, host, network })

async function* search(): AsyncGenerator<PeerId> {
  for (const address of addresses) yield (await host.dial(multiaddr(address))).remotePeer
}

let blamed = 0
let resumedBytes: number | undefined
const onEvent = (event: PullEvent): void => {
  if (event.type === 'blamed') blamed += 1
  if (event.type !== 'progress') return
  resumedBytes ??= event.have
  watch.have(event.have - resumedBytes)
}
const sink = new FileSink(join(folder, 'to'))
const components = { clock, logger: silentLogger, port, search, sha256, sink }
watch.start()
await pullModel(components, { modelId: modelId as `0x${string}`, onEvent })
watch.end({ blamed, resumedBytes: resumedBytes ?? 0 })
process.exit(0)
