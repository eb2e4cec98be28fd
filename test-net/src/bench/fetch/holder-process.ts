/**
 * One side of the fetch benchmarks as a process of its own: a plain HTTP server of a file, a holder without limits,
 * or a liar, who tells the right hashes and sends wrong blocks.
 */
import { createReadStream } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { bytesToHex, lowerHex } from '@duckmesh/protocols'
import { FetchServer } from '@duckmesh/protocols/fetch'
import type { BlobSource } from '@duckmesh/protocols/fetch'
import { BindingBook, FETCH_PROTOCOL, buildHello, hostLimits } from '@duckmesh/protocols/mesh'
import { peerKeyOf, signPeerBinding } from '@duckmesh/protocols/mesh'
import { SdkCrypto, silentLogger, systemClock } from '@duckmesh/sdk'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { answerUsage } from './answer-usage.ts'
import { BENCH_NETWORK as network } from './bench-network.ts'
import { sha256 } from './sha256.ts'

/** Blocks are at most so long; whole pieces are read for the list of hashes only. */
const BLOCK_BYTES = 256 * 1024

const UNLIMITED = { bytesPerS: 2 ** 40, burst: 2 ** 40 }
const [role, blob, manifestFile] = process.argv.slice(2)
if (blob === undefined || manifestFile === undefined) throw new Error('usage: role, blob, manifest')

let sentBytes = 0

function tell(event: object): void {
  process.stdout.write(`${JSON.stringify({ event: 'ready', ...event })}\n`)
}

function serveHttp(path: string): void {
  const server = createServer((_, response) => {
    const file = createReadStream(path)
    file.on('data', (bytes) => (sentBytes += bytes.length))
    file.pipe(response)
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    tell({ port: typeof address === 'object' ? address?.port : undefined })
  })
}

async function servePeers(path: string, manifest: Uint8Array): Promise<void> {
  const file = await open(path, 'r')
  const { size } = await file.stat()
  const source: BlobSource = {
    manifest: () => Promise.resolve(manifest),
    size: () => Promise.resolve(size),
    read: async (_, offset, length) => {
      const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, offset)
      const bytes = buffer.subarray(0, bytesRead)
      // The last piece may be as short as a block: there nobody lies.
      const isBlock = length <= BLOCK_BYTES && offset + length < size
      if (role === 'liar' && isBlock) bytes[0] = (bytes[0] ?? 0) ^ 1
      if (isBlock) sentBytes += bytes.length
      return bytes
    },
  }
  const host = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux(hostLimits('peer').yamux)],
    services: { identify: identify() },
  })
  const account = privateKeyToAccount(generatePrivateKey())
  const signer = {
    address: lowerHex(account.address),
    signDigest: (hash: `0x${string}`) => account.sign({ hash }),
  }
  const keys = { peerKey: peerKeyOf(host.peerId), encKey: bytesToHex(new Uint8Array(32).fill(9)) }
  const expiry = Math.floor(systemClock.now() / 1000) + 3_600
  const peer = await signPeerBinding({ ...keys, expiry }, { network, signer })
  const clock = systemClock
  const bindings = new BindingBook({ network, crypto: new SdkCrypto(), clock })
  const hello = (): ReturnType<typeof buildHello> => buildHello(network, { peer })
  const parts = { bindings, clock, hello, logger: silentLogger, network, sha256, source }
  const requests = { ratePerS: 1e6, burst: 1e6 }
  const server = new FetchServer(parts, { caller: UNLIMITED, total: UNLIMITED, requests })
  await host.handle(FETCH_PROTOCOL, server.handle)
  tell({ address: host.getMultiaddrs().map(String)[0] })
}

process.on('disconnect', () => process.exit(0))
process.on('SIGTERM', () => process.exit(0))
answerUsage(() => sentBytes)
if (role === 'http') serveHttp(blob)
else await servePeers(blob, await readFile(manifestFile))
