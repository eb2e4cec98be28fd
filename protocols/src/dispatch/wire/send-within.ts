/** Sending to a remote that may have stopped reading. */
import type { Clock } from '../../components.ts'
import { DuckMeshError } from '../../errors.ts'
import type { FrameStream } from '../../mesh/interface.ts'
import { SEND_TIMEOUT_MS } from '../constants.ts'

/**
 * Sends a frame; a remote that takes nothing for SEND_TIMEOUT_MS loses the stream, so that it can hold
 * neither a slot nor an end of a job (rule D-15). Rejects with STREAM_CLOSED when the stream is gone.
 */
export async function sendWithin<T>(stream: FrameStream<T>, frame: T, clock: Clock): Promise<void> {
  const cancel = clock.after(SEND_TIMEOUT_MS, () => {
    stream.abort(new DuckMeshError('TIMED_OUT', 'The remote takes no more frames.'))
  })
  try {
    await stream.send(frame)
  } catch (cause) {
    if (!stream.closed) throw cause
    throw new DuckMeshError('STREAM_CLOSED', 'The frame could not be sent.', { cause })
  } finally {
    cancel()
  }
}
