/** Run as a process of its own: does one thing with a store, says so line by line, and goes on until it is killed. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeSync } from 'node:fs'
import { ModelStore } from '../../src/models/index.ts'
import { sha256 } from './tiny-model.ts'

const [work = '', root = '', source = ''] = process.argv.slice(2)
const store = await ModelStore.at(root)
const say = (text: string): void => void writeSync(1, `${text}\n`)

/** Puts in the model, piece by piece. */
async function append(): Promise<void> {
  const { manifest } = await store.putManifest(
    new Uint8Array(await readFile(join(source, 'duckmesh.model.json'))),
  )
  const [file] = manifest.files
  const bytes = new Uint8Array(await readFile(join(source, file!.path)))
  const blob = await store.partial(sha256(bytes), bytes.length)
  for (let at = 0; at < bytes.length; at += 1000) {
    await blob.append(bytes.subarray(at, at + 1000))
    say(`${blob.have}`)
  }
}

/** Adds and removes the model for ever. */
async function churn(): Promise<void> {
  for (;;) {
    const { modelId } = await store.add(source)
    say('added')
    ;(await store.open(modelId)).release()
    say('opened')
    await store.remove(modelId)
    say('removed')
  }
}

/** Has the model open until it is killed. */
async function hold(): Promise<void> {
  const { modelId } = (await store.list())[0]!
  await store.open(modelId)
  say('open')
  process.stdin.resume()
}

const works: Record<string, () => Promise<void>> = { append, churn, hold }
await works[work]?.()
