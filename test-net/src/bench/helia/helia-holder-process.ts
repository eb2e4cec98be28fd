/** Serves a file by Helia's bitswap as a process of its own: Helia, folder of its blocks, the file, `honest` or `liar`. */
import { createReadStream } from 'node:fs'
import { answerUsage } from '../fetch/answer-usage.ts'
import { loadHelia } from './helia-packages.ts'
import type { Blockstore } from './helia-packages.ts'

/** Codec of a leaf of a file: its bytes and nothing else. */
const RAW = 0x55

const [helia, folder, path, role] = process.argv.slice(2)
if (helia === undefined || folder === undefined || path === undefined) {
  throw new Error('usage: folder of Helia, folder of blocks, file, role')
}
let sentBytes = 0

/** Counts what it serves; a liar changes one byte of each leaf. */
function served(store: Blockstore): Blockstore {
  const get = store.get.bind(store)
  store.get = async function* (cid, options) {
    let isFirst = true
    for await (const part of get(cid, options)) {
      const bytes = Uint8Array.from(part)
      if (role === 'liar' && isFirst && cid.code === RAW) bytes[0] = (bytes[0] ?? 0) ^ 1
      isFirst = false
      sentBytes += bytes.length
      yield bytes
    }
  }
  return store
}

process.on('disconnect', () => process.exit(0))
process.on('SIGTERM', () => process.exit(0))
const kit = await loadHelia(helia)
const node = await kit.open({ folder, listen: true, wrap: served })
const root = await kit.unixfs(node).addByteStream(createReadStream(path))
sentBytes = 0
answerUsage(() => sentBytes)
const address = String(node.libp2p.getMultiaddrs()[0])
process.stdout.write(`${JSON.stringify({ event: 'ready', address, root: root.toString() })}\n`)
