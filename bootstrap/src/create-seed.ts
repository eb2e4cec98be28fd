/** Composition root of a seed peer: DHT server and relay, no chain key, no model, no prompt. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import { loadOrCreateSelfKey } from '@libp2p/config'
import { identify } from '@libp2p/identify'
import { kadDHT, passthroughMapper, removePrivateAddressesMapper } from '@libp2p/kad-dht'
import { keychain } from '@libp2p/keychain'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { LevelDatastore } from 'datastore-level'
import { createLibp2p } from 'libp2p'
import type { Libp2p, PrivateKey } from '@libp2p/interface'
import { DuckMeshError } from '@duckmesh/protocols'
import { KAD_PROTOCOL, hostLimits } from '@duckmesh/protocols/mesh'
import * as constants from './constants.ts'
import type { Seed, SeedConfig } from './interface.ts'

/** Starts a seed peer. Rejects with PORT_IN_USE or STORE_LOCKED. */
export async function createSeed(config: SeedConfig): Promise<Seed> {
  const datastore = await openDatastore(config.dataDir)
  try {
    const privateKey = await loadOrCreateSelfKey(datastore, { pass: constants.KEYCHAIN_PASS })
    const node = await startHost(config, privateKey, datastore)
    return seedOf(node, datastore)
  } catch (error) {
    await datastore.close()
    throw startError(error, config)
  }
}

async function openDatastore(dataDir: string): Promise<LevelDatastore> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const datastore = new LevelDatastore(join(dataDir, 'store'))
  try {
    await datastore.open()
    return datastore
  } catch (cause) {
    throw new DuckMeshError('STORE_LOCKED', `The folder ${dataDir} cannot be opened.`, { cause })
  }
}

function startHost(
  config: SeedConfig,
  privateKey: PrivateKey,
  datastore: LevelDatastore,
): Promise<Libp2p> {
  const limits = hostLimits('seed')
  const { host, port, wsPort, announce, local } = config
  return createLibp2p({
    privateKey,
    datastore,
    addresses: {
      listen: [`/ip4/${host}/tcp/${port}`, `/ip4/${host}/tcp/${wsPort}/ws`],
      announce: [...announce],
    },
    transports: [tcp(), webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux(limits.yamux)],
    connectionManager: limits.connectionManager,
    services: {
      identify: identify(),
      ping: ping(),
      keychain: keychain({ pass: constants.KEYCHAIN_PASS }),
      dht: kadDHT({
        protocol: KAD_PROTOCOL,
        clientMode: false,
        peerInfoMapper: local ? passthroughMapper : removePrivateAddressesMapper,
        providers: { provideValidity: constants.PROVIDER_RECORD_TTL_MS },
      }),
      relay: circuitRelayServer({
        reservations: {
          maxReservations: constants.MAX_RESERVATIONS,
          reservationTtl: constants.RESERVATION_TTL_MS,
          defaultDurationLimit: constants.RELAY_DURATION_MS,
          defaultDataLimit: constants.RELAY_DATA_BYTES,
        },
      }),
    },
  })
}

function seedOf(node: Libp2p, datastore: LevelDatastore): Seed {
  return {
    peerId: node.peerId.toString(),
    addresses: () => node.getMultiaddrs().map((address) => address.toString()),
    connections: () => node.getConnections().length,
    stop: async () => {
      await node.stop()
      await datastore.close()
    },
  }
}

function startError(error: unknown, config: SeedConfig): unknown {
  const text = error instanceof Error ? `${error.name} ${error.message}` : String(error)
  if (!/EADDRINUSE|UnsupportedListenAddresses|could not listen/i.test(text)) return error
  const ports = `${config.port} or ${config.wsPort}`
  return new DuckMeshError('PORT_IN_USE', `Port ${ports} on ${config.host} is taken.`, { cause: error })
}
