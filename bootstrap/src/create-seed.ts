/** Composition root of a seed peer: DHT server and relay, no chain key, no model, no prompt. */
import { mkdir } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
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
import { DuckMeshError, toDuckMeshError } from '@duckmesh/protocols'
import { KAD_PROTOCOL, hostLimits } from '@duckmesh/protocols/mesh'
import * as constants from './constants.ts'
import type { Seed, SeedConfig } from './interface.ts'

/**
 * Starts a seed peer. Rejects with PORT_IN_USE, STORE_LOCKED, STORE_CORRUPT, or CONFIG_INVALID when the folder
 * or an address cannot be used; nothing stays open then.
 */
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
  const details = { path: dataDir }
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
  } catch (cause) {
    const what = `The folder ${dataDir} cannot be made.`
    throw new DuckMeshError('CONFIG_INVALID', what, { cause, details })
  }
  const datastore = new LevelDatastore(join(dataDir, 'store'))
  try {
    await datastore.open()
    return datastore
  } catch {
    // The datastore keeps only the outer message; the database itself says why.
    const cause: unknown = await datastore.db.open().catch((error: unknown) => error)
    const locked = codesOf(cause).includes('LEVEL_LOCKED')
    const what = locked ? `The folder ${dataDir} is in use.` : `The folder ${dataDir} is damaged.`
    throw new DuckMeshError(locked ? 'STORE_LOCKED' : 'STORE_CORRUPT', what, { cause, details })
  }
}

/** Codes of an error and its causes. */
function codesOf(error: unknown): unknown[] {
  if (!(error instanceof Error)) return []
  return ['code' in error ? error.code : undefined, ...codesOf(error.cause)]
}

function startHost(
  config: SeedConfig,
  privateKey: PrivateKey,
  datastore: LevelDatastore,
): Promise<Libp2p> {
  const limits = hostLimits('seed')
  const { host, port, wsPort, announce, local } = config
  const family = isIPv6(host) ? 'ip6' : 'ip4'
  return createLibp2p({
    privateKey,
    datastore,
    addresses: {
      listen: [`/${family}/${host}/tcp/${port}`, `/${family}/${host}/tcp/${wsPort}/ws`],
      announce: [...announce],
    },
    transports: [tcp(), webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux(limits.yamux)],
    connectionManager: limits.connectionManager,
    services: {
      identify: identify(),
      ping: ping(limits.ping),
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
  let stopping: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    try {
      await node.stop()
    } finally {
      await datastore.close()
    }
  }
  return {
    peerId: node.peerId.toString(),
    addresses: () => node.getMultiaddrs().map((address) => address.toString()),
    connections: () => node.getConnections().length,
    stop: () => (stopping ??= stop()),
  }
}

/** libp2p puts the causes into one text, one line per address. */
function startError(error: unknown, { host, port, wsPort }: SeedConfig): DuckMeshError {
  const known = error instanceof Error && error.name === 'UnsupportedListenAddressesError'
  if (!known) return toDuckMeshError(error)
  if (error.message.includes('EADDRINUSE')) {
    const taken = /EADDRINUSE[^\n]*:(\d+)/.exec(error.message)?.[1] ?? `${port} or ${wsPort}`
    const what = `Port ${taken} on ${host} is taken.`
    return new DuckMeshError('PORT_IN_USE', what, { cause: error, details: { host, port: taken } })
  }
  const reason = /listen (E[A-Z]+)/.exec(error.message)?.[1] ?? 'unknown reason'
  return new DuckMeshError('CONFIG_INVALID', `${host} cannot be listened on (${reason}).`, {
    cause: error,
    details: { option: '--host', host, reason },
  })
}
