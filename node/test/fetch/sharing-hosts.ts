/** Peers on loopback that share the models of stores on disk, by the role that peers have, and a network file that leads to them. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NetworkIdentity } from '@duckmesh/protocols'
import { BindingBook, peerKeyOf } from '@duckmesh/protocols/mesh'
import { systemClock } from '@duckmesh/sdk'
import { EncKeyring, NodeCrypto, OperatorSigner } from '../../src/crypto/index.ts'
import type { PeerHost } from '../../src/host/index.ts'
import { FetchRole } from '../../src/peer/fetch-role.ts'
import { OwnBinding } from '../../src/peer/own-binding.ts'
import { addressOf, startHost } from '../host/hosts.ts'
import { NotedLogs } from '../noted-logs.ts'

const registry = '0x5fbdb2315678afecb367f032d93f642f64180aa3'
export const network: NetworkIdentity = { name: '31337-5fbdb231', chainId: 31_337, registry }

const MIB = 1024 * 1024

export interface Sharing {
  host: PeerHost
  stop: () => Promise<void>
}

/** What a peer has that a role needs. */
export async function peerParts(folder: string, host: PeerHost) {
  const clock = systemClock
  const logger = new NotedLogs()
  const crypto = new NodeCrypto()
  const signer = new OperatorSigner(crypto.bytes(32))
  const ownKey = peerKeyOf(host.peerId)
  const unsealer = await EncKeyring.open(join(folder, `enc-${ownKey}.json`), clock.now())
  const keys = { network, peerKey: ownKey, signer, unsealer }
  const binding = await OwnBinding.create({ clock, logger, ...keys })
  const bindings = new BindingBook({ network, crypto, clock })
  const engine = { models: () => [] }
  return { binding, bindings, clock, engine, host, logger, network, ownKey }
}

/** Starts a peer that shares this store, joined by another one unless it is the first. */
export async function share(folder: string, store: string, seed?: PeerHost): Promise<Sharing> {
  const host = await startHost()
  if (seed !== undefined) await host.dial(seed.getMultiaddrs())
  const config = { dataDir: folder, modelStore: store, models: { share: true } }
  // So slow that a test can end a pull midway.
  const caller = { bytesPerS: 4 * MIB, burst: 3 * MIB }
  const role = new FetchRole(await peerParts(folder, host), config, { caller })
  await role.start()
  const stop = async (): Promise<void> => {
    await role.stop()
    await host.stop()
  }
  return { host, stop }
}

/** Writes the file that `--network` takes. */
export async function networkFile(folder: string, seed: PeerHost): Promise<string> {
  const path = join(folder, 'network.json')
  const seeds = [addressOf(seed, 'tcp')]
  const content = {
    network: {
      ...{ chainId: 31_337, rpcUrl: 'http://127.0.0.1:1', registry, market: registry },
      ...{ token: registry, seeds, local: true },
    },
    account: { privateKey: `0x${'11'.repeat(32)}`, dataDir: folder },
    pid: process.pid,
  }
  await writeFile(path, JSON.stringify(content))
  return path
}
