/** Downloads a file by plain HTTP as a process of its own, hashed on the way: path, sha-256, size, URL. */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { FetchWatch } from './fetch-told.ts'

const [path, sha256, size, url] = process.argv.slice(2)
if (path === undefined || url === undefined) throw new Error('usage: path, sha-256, size, URL')
process.on('disconnect', () => process.exit(0))
const watch = new FetchWatch(Number(size))
const file = await open(path, 'w')
const hash = createHash('sha256')
let have = 0
watch.start()
const response = await fetch(url)
for await (const chunk of response.body ?? []) {
  await file.appendFile(chunk)
  hash.update(chunk)
  have += chunk.length
  watch.have(have)
}
if (hash.digest('hex') !== sha256) throw new Error('The download has another hash.')
await file.close()
watch.end({ blamed: 0, resumedBytes: 0 })
process.exit(0)
