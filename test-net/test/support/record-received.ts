/**
 * Loaded into every process of a network by NODE_OPTIONS: writes down all that the process receives, as bytes:
 * what comes from sockets, what libp2p reads after decryption, and what the engine's thread is sent. A client also
 * writes down, as hex, its reply secrets and the bids that it opens. One file a process, `<name>.<pid>`, in the folder
 * of RECORD_TO.
 */
import { appendFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { basename, join } from 'node:path'
import { inspect } from 'node:util'
import { Worker, isMainThread } from 'node:worker_threads'

const folder = process.env['RECORD_TO']

if (folder !== undefined && isMainThread) {
  const path = join(folder, `${basename(process.argv[1] ?? 'none', '.ts')}.${process.pid}`)
  const write = (bytes: Uint8Array | string): void => {
    appendFileSync(path, bytes)
  }
  write(`recorded: ${process.argv.join(' ')}\n`)
  // Raw bytes of every connection, JSON-RPC answers among them.
  tap(Socket.prototype, 'push', (bytes) => {
    if (bytes instanceof Uint8Array) write(bytes)
  })
  // What the muxer reads: every stream of every libp2p connection, after noise.
  tap(await muxerPrototype(), 'onData', (data) => {
    write((data as { subarray(): Uint8Array }).subarray())
  })
  // What the inference thread is sent: prompts, on the provider that serves them.
  tap(Worker.prototype, 'postMessage', (message) => {
    write(`engine: ${inspect(message, { depth: 8, maxStringLength: null })}\n`)
  })
  if (path.includes('client-process')) await recordBids(write)
}

/** What only a client may know: what opens the bids, and what is in them. */
async function recordBids(write: (text: string) => void): Promise<void> {
  const { HpkeReplyKeys } = await import('@duckmesh/sdk')
  tapResult(HpkeReplyKeys.prototype, 'create', (pair) => {
    write(`\nreply secret ${(pair as { secretKey: string }).secretKey}\n`)
  })
  tapResult(HpkeReplyKeys.prototype, 'open', (bid) => {
    write(`\nopened bid ${Buffer.from(bid as Uint8Array).toString('hex')}\n`)
  })
}

/** Replaces an asynchronous method by one that shows what it resolves to. */
function tapResult(prototype: object, name: string, see: (result: unknown) => void): void {
  const method = Reflect.get(prototype, name) as (...args: unknown[]) => Promise<unknown>
  Reflect.set(prototype, name, async function (this: unknown, ...args: unknown[]) {
    const result = await Reflect.apply(method, this, args)
    see(result)
    return result
  })
}

/** Replaces a method by one that shows its first argument before it does its work. */
function tap(prototype: object, name: string, see: (first: unknown) => void): void {
  const method = Reflect.get(prototype, name) as (...args: unknown[]) => unknown
  Reflect.set(prototype, name, function (this: unknown, ...args: unknown[]): unknown {
    see(args[0])
    return Reflect.apply(method, this, args)
  })
}

/** The package does not export its muxer; the file beside its main one has it. */
async function muxerPrototype(): Promise<object> {
  const file = new URL('./muxer.js', import.meta.resolve('@libp2p/yamux'))
  const { YamuxMuxer } = (await import(file.href)) as { YamuxMuxer: { prototype: object } }
  return YamuxMuxer.prototype
}
