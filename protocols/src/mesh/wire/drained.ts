import type { Stream, StreamCloseEvent } from '@libp2p/interface'

/**
 * Resolves when the stream takes more bytes, rejects when it closes before.
 *
 * Used instead of the stream's own `onDrain()`, which keeps its first promise: from the second time on it
 * resolves at once and nothing is held back any more (seen in libp2p 3.3.11; docs/spec/mesh.md M-44).
 */
export async function drained(stream: Stream): Promise<void> {
  while (stream.writableNeedsDrain) {
    // A dead stream keeps the flag and will never drain.
    if (stream.writeStatus === 'closed') throw new Error('closed')
    await nextDrain(stream)
  }
}

function nextDrain(stream: Stream): Promise<void> {
  return new Promise((resolve, reject) => {
    const onDrain = (): void => {
      done()
      resolve()
    }
    const onClose = (event: StreamCloseEvent): void => {
      done()
      reject(event.error ?? new Error('closed'))
    }
    const done = (): void => {
      stream.removeEventListener('drain', onDrain)
      stream.removeEventListener('close', onClose)
    }
    stream.addEventListener('drain', onDrain)
    stream.addEventListener('close', onClose)
  })
}
