/** Helia's modules from the folder into which they were installed, with the few types that the comparison needs. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

interface Cid {
  readonly code: number
}

/** As Helia's own: a block may come in parts. */
export interface Blockstore {
  get(cid: Cid, options?: object): AsyncIterable<Uint8Array>
  has(cid: Cid): Promise<boolean>
  getAll(): AsyncIterable<{ cid: Cid }>
}

export interface HeliaNode {
  readonly blockstore: {
    createSession(root: Cid, init: { providers: unknown[]; maxProviders: number }): object
  }
  readonly libp2p: {
    dial(address: unknown): Promise<unknown>
    getMultiaddrs(): { toString(): string }[]
  }
}

interface UnixFs {
  addByteStream(bytes: AsyncIterable<Uint8Array>): Promise<{ toString(): string }>
  cat(root: Cid, options: { blockReadConcurrency: number }): AsyncIterable<Uint8Array>
}

export interface HeliaKit {
  /** A node over TCP, noise and yamux as ours, with bitswap alone: no gateway, no router, no DHT. */
  open(init: OpenHeliaInit): Promise<HeliaNode>
  unixfs: (helia: { blockstore: object }) => UnixFs
  parseCid(text: string): Cid
  parseAddress(text: string): unknown
}

export interface OpenHeliaInit {
  folder: string
  listen: boolean
  /** What the node serves from; the store of the folder when left out. */
  wrap?: (store: Blockstore) => Blockstore
}

type Make = (...args: unknown[]) => unknown

/** What the modules export, as far as it is used here. */
interface Modules {
  '@helia/bitswap': { withBitswap: (node: unknown) => { start(): Promise<HeliaNode> } }
  '@helia/libp2p': { withLibp2pLight: Make }
  '@helia/unixfs': { unixfs: HeliaKit['unixfs'] }
  '@libp2p/identify': { identify: Make }
  '@libp2p/noise': { noise: Make }
  '@libp2p/tcp': { tcp: Make }
  '@libp2p/yamux': { yamux: Make }
  '@multiformats/multiaddr': { multiaddr: Make }
  'blockstore-fs': { FsBlockstore: new (path: string) => Blockstore & { open(): Promise<void> } }
  helia: { createHeliaLight: Make }
  multiformats: { CID: { parse(text: string): Cid } }
}

/** `folder` is that of `installHelia`. */
export async function loadHelia(folder: string): Promise<HeliaKit> {
  const { CID } = await load(folder, 'multiformats')
  const { multiaddr } = await load(folder, '@multiformats/multiaddr')
  const { unixfs } = await load(folder, '@helia/unixfs')
  return {
    open: (init) => open(folder, init),
    unixfs,
    parseCid: (text) => CID.parse(text),
    parseAddress: (text) => multiaddr(text),
  }
}

async function open(folder: string, init: OpenHeliaInit): Promise<HeliaNode> {
  const { withBitswap } = await load(folder, '@helia/bitswap')
  const { withLibp2pLight } = await load(folder, '@helia/libp2p')
  const { createHeliaLight } = await load(folder, 'helia')
  const { FsBlockstore } = await load(folder, 'blockstore-fs')
  const { identify } = await load(folder, '@libp2p/identify')
  const { noise } = await load(folder, '@libp2p/noise')
  const { tcp } = await load(folder, '@libp2p/tcp')
  const { yamux } = await load(folder, '@libp2p/yamux')
  const store = new FsBlockstore(init.folder)
  await store.open()
  const blockstore = init.wrap?.(store) ?? store
  const libp2p = {
    addresses: { listen: init.listen ? ['/ip4/127.0.0.1/tcp/0'] : [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
  }
  return withBitswap(withLibp2pLight(createHeliaLight({ blockstore }), libp2p)).start()
}

/** By the path that its package names: nothing of it is in this repository's `node_modules`. */
async function load<N extends keyof Modules>(folder: string, name: N): Promise<Modules[N]> {
  const at = join(folder, 'node_modules', name)
  const { exports } = JSON.parse(await readFile(join(at, 'package.json'), 'utf8')) as {
    exports: { '.': { import: string } }
  }
  return (await import(pathToFileURL(join(at, exports['.'].import)).href)) as Modules[N]
}
