import { DuckMeshError } from '../../errors.ts'
import { codedError } from '../coded-error.ts'
import { HELLO_TIMEOUT_MS } from '../constants.ts'
import { withDeadline } from '../deadline.ts'
import { buildHello, verifyHello } from '../hello.ts'
import type { Clock } from '../../components.ts'
import type { HelloRole, HelloRules } from '../hello.ts'
import type { FrameStream, Session, VerifiedHello } from '../interface.ts'
import type { Hello } from '@duckmesh/proto'

/** The member that every stream protocol's union of frames has. */
export interface HelloFrame {
  kind: 'hello'
  hello: Hello
}

export interface SessionComponents extends HelloRules {
  clock: Clock
}

export interface SessionOptions {
  /** Binding the other side must bring. */
  expect: HelloRole
  /** How long to wait for the other side's hello, ms; 10 000 when left out. */
  timeoutMs?: number
  signal?: AbortSignal | undefined
}

type Framed<F extends { kind: string }> = FrameStream<F | HelloFrame>

/**
 * The dialler's side: says hello first and waits for the answer (M-50).
 *
 * @throws DuckMeshError TIMED_OUT, CANCELLED, STREAM_CLOSED, UNEXPECTED_FRAME, or as `verifyHello`; the
 *   stream is then reset
 */
export function openSession<F extends { kind: string }>(
  stream: Framed<F>,
  ours: Hello,
  components: SessionComponents,
  options: SessionOptions,
): Promise<Session<F | HelloFrame>> {
  return orAbort(stream, async () => {
    await stream.send({ kind: 'hello', hello: ours })
    return { stream, remote: await receiveHello(stream, components, options) }
  })
}

/**
 * The listener's side: verifies the dialler's hello, then answers with what `answer` makes for it, such as
 * the last voucher of that payer. Errors as `openSession`.
 */
export function acceptSession<F extends { kind: string }>(
  stream: Framed<F>,
  answer: (remote: VerifiedHello) => Hello | Promise<Hello>,
  components: SessionComponents,
  options: SessionOptions,
): Promise<Session<F | HelloFrame>> {
  return orAbort(stream, async () => {
    const remote = await receiveHello(stream, components, options).catch((error: unknown) =>
      refuseHello(stream, components, error),
    )
    await stream.send({ kind: 'hello', hello: await answer(remote) })
    return { stream, remote }
  })
}

/** Codes that the dialler finds itself when it sees our hello: a reset would not tell it why (M-54). */
const TOLD_BY_HELLO: ReadonlySet<string> = new Set(['WRONG_NETWORK', 'VERSION_UNSUPPORTED'])

async function refuseHello<F extends { kind: string }>(
  stream: Framed<F>,
  { network }: SessionComponents,
  error: unknown,
): Promise<never> {
  if (error instanceof DuckMeshError && TOLD_BY_HELLO.has(error.code)) {
    const told = stream.send({ kind: 'hello', hello: buildHello(network, {}) })
    await told.then(() => stream.close()).catch(() => undefined)
  }
  throw error
}

async function receiveHello<F extends { kind: string }>(
  stream: Framed<F>,
  components: SessionComponents,
  options: SessionOptions,
): Promise<VerifiedHello> {
  const first = await withDeadline(stream[Symbol.asyncIterator]().next(), {
    clock: components.clock,
    ms: options.timeoutMs ?? HELLO_TIMEOUT_MS,
    what: 'No hello',
    signal: options.signal,
  })
  if (first.done === true) {
    throw new DuckMeshError('STREAM_CLOSED', 'The other side closed before its hello.')
  }
  if (!isHello(first.value)) {
    throw new DuckMeshError('UNEXPECTED_FRAME', 'The first frame is not a hello.')
  }
  return verifyHello(first.value.hello, stream.remoteKey, options.expect, components)
}

function isHello(frame: { kind: string }): frame is HelloFrame {
  return frame.kind === 'hello'
}

/** A session that fails leaves no half-open stream behind. */
async function orAbort<T>(
  stream: { abort(reason: Error): void },
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run()
  } catch (error) {
    const coded = codedError(error, 'STREAM_CLOSED', 'The stream broke before both hellos.')
    stream.abort(coded)
    throw coded
  }
}
