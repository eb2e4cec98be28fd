/**
 * Fetches a file by Helia's bitswap as a process of its own: Helia, folder, root, sha-256, size, how, addresses.
 * Blocks are kept in the folder `blocks`, so that the next process goes on there.
 */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { FetchWatch } from './fetch-told.ts'
import { loadHelia } from './helia-packages.ts'
import type { Blockstore } from './helia-packages.ts'

/** Blocks of 1 MiB on their way at once; without a bound a holder reads all of a file into memory. */
const CONCURRENCY = 16

const [helia, folder, root, sha256, size, how, ...addresses] = process.argv.slice(2)
if (helia === undefined || folder === undefined || root === undefined) {
  throw new Error('usage: folder of Helia, folder, root, sha-256, size, how, addresses')
}
process.on('disconnect', () => process.exit(0))
const watch = new FetchWatch(Number(size))
const kit = await loadHelia(helia)
const blocks: { store?: Blockstore } = {}
const node = await kit.open({
  folder: join(folder, 'blocks'),
  listen: false,
  wrap: (store) => (blocks.store = store),
})
const cid = kit.parseCid(root)
const providers = addresses.map((address) => kit.parseAddress(address))
/** What an earlier process left; leaves have 1 MiB each, and the last one what is over. */
let left = 0
for await (const _ of blocks.store?.getAll() ?? []) left += 1

watch.start()
if (how === 'connected') for (const provider of providers) await node.libp2p.dial(provider)
const session =
  how === 'connected'
    ? node.blockstore
    : node.blockstore.createSession(cid, { providers, maxProviders: providers.length })
const file = how === 'file' ? await open(join(folder, 'to'), 'w') : undefined
const hash = createHash('sha256')
let have = 0
const content = kit.unixfs({ blockstore: session }).cat(cid, { blockReadConcurrency: CONCURRENCY })
for await (const bytes of content) {
  if (file !== undefined) {
    await file.appendFile(bytes)
    hash.update(bytes)
  }
  have += bytes.length
  watch.have(have)
}
await file?.close()
if (have !== Number(size)) throw new Error(`It has ${have} bytes.`)
if (file !== undefined && hash.digest('hex') !== sha256) throw new Error('It has another hash.')
watch.end({ blamed: 0, resumedBytes: Math.min(left * 2 ** 20, have) })
process.exit(0)
