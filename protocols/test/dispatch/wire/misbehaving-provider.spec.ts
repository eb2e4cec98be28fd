import { expect } from 'chai'
import type { JobFrame, Receipt } from '@duckmesh/proto'
import { nextChunkHash, tokenHash } from '@duckmesh/proto'
import type { ClientSegment } from '../../../src/dispatch/index.ts'
import { ACCEPT_TIMEOUT_MS, STALL_TIMEOUT_MS } from '../../../src/dispatch/constants.ts'
import type { ErrorCode } from '../../../src/error-codes.ts'
import { JobWorld, eventsOf } from '../../support/job-world.ts'
import type { Script } from '../../support/scripted-engine.ts'
import { withReceipt } from '../../support/resign.ts'
import { testSigner } from '../../support/test-crypto.ts'
import type { Tap } from '../../support/stream-pair.ts'

const operator = testSigner('operator')
const thief = testSigner('thief')

function receipts(
  change: (receipt: Receipt) => Partial<Receipt>,
  signer = operator,
): Tap<JobFrame> {
  return (frame) => [withReceipt(frame, signer, change)]
}

function chunks(
  change: (frame: Extract<JobFrame, { kind: 'chunk' }>) => JobFrame[],
): Tap<JobFrame> {
  return (frame) => (frame.kind === 'chunk' ? change(frame) : [frame])
}

const CASES: { name: string; code: ErrorCode; toLeft: Tap<JobFrame>; script?: Script }[] = [
  {
    name: 'a chunk with a wrong hash',
    code: 'CHUNK_INVALID',
    toLeft: chunks(({ chunk }) => [{ kind: 'chunk', chunk: { ...chunk, h: tokenHash([1]) } }]),
  },
  {
    name: 'a chunk with other ids than its hash',
    code: 'CHUNK_INVALID',
    toLeft: chunks(({ chunk }) => [{ kind: 'chunk', chunk: { ...chunk, ids: [...chunk.ids, 5] } }]),
  },
  {
    name: 'a chunk left out',
    code: 'CHUNK_INVALID',
    toLeft: chunks((frame) => (frame.chunk.n === 2 ? [] : [frame])),
  },
  {
    name: 'a chunk sent twice',
    code: 'CHUNK_INVALID',
    toLeft: chunks((frame) => [frame, frame]),
  },
  {
    name: 'more tokens than the step holds',
    code: 'CHUNK_INVALID',
    toLeft: chunks(({ chunk }) => {
      const extra = { ...chunk, n: chunk.n + 1, ids: [1], h: nextChunkHash(chunk.h, [1]) }
      return [
        { kind: 'chunk', chunk },
        { kind: 'chunk', chunk: extra },
      ]
    }),
    script: { group: 64 },
  },
  {
    name: 'a higher amount than the tokens cost',
    code: 'RECEIPT_INVALID',
    toLeft: receipts(({ amount }) => ({ amount: amount + 1n })),
  },
  {
    name: 'a lower amount than the tokens cost',
    code: 'RECEIPT_INVALID',
    toLeft: receipts(({ amount }) => ({ amount: amount - 1n })),
  },
  {
    name: 'more tokens than were delivered',
    code: 'RECEIPT_INVALID',
    toLeft: receipts(({ tokensOut }) => ({ tokensOut: tokensOut + 1 })),
  },
  {
    name: 'another tokensRoot',
    code: 'RECEIPT_INVALID',
    toLeft: receipts(() => ({ tokensRoot: tokenHash([9]) })),
  },
  {
    name: 'more prompt tokens than the bucket',
    code: 'RECEIPT_INVALID',
    toLeft: receipts(() => ({ tokensIn: 17 })),
  },
  {
    name: 'another sequence number',
    code: 'RECEIPT_INVALID',
    toLeft: receipts(({ seq }) => ({ seq: seq + 1 })),
  },
  {
    name: 'another spec hash',
    code: 'RECEIPT_INVALID',
    toLeft: receipts(() => ({ specHash: tokenHash([3]) })),
  },
  {
    name: 'a receipt signed by somebody else',
    code: 'RECEIPT_INVALID',
    toLeft: receipts(() => ({}), thief),
  },
  {
    name: 'a last receipt without a finish reason',
    code: 'RECEIPT_INVALID',
    toLeft: receipts(() => ({ last: true })),
  },
  {
    name: 'a last receipt that claims a cancel',
    code: 'RECEIPT_INVALID',
    toLeft: (frame) =>
      frame.kind === 'receipt'
        ? [asCancelled(withReceipt(frame, operator, () => ({ last: true })))]
        : [frame],
  },
  {
    name: 'an accept signed by somebody else',
    code: 'BAD_SIGNATURE',
    toLeft: (frame) =>
      frame.kind === 'accept'
        ? [{ ...frame, accept: { ...frame.accept, signature: `0x${'11'.repeat(65)}` } }]
        : [frame],
  },
  {
    name: 'an accept of another prefix',
    code: 'BAD_SIGNATURE',
    toLeft: (frame) =>
      frame.kind === 'accept'
        ? [
            {
              ...frame,
              accept: { ...frame.accept, accept: { ...frame.accept.accept, fromToken: 3 } },
            },
          ]
        : [frame],
  },
  {
    name: 'a second accept',
    code: 'UNEXPECTED_FRAME',
    toLeft: (frame) => (frame.kind === 'accept' ? [frame, frame] : [frame]),
  },
  {
    name: 'a chunk before the accept',
    code: 'UNEXPECTED_FRAME',
    toLeft: (frame) => (frame.kind === 'accept' ? [] : [frame]),
  },
]

function asCancelled(frame: JobFrame): JobFrame {
  return frame.kind === 'receipt'
    ? { ...frame, receipt: { ...frame.receipt, finishReason: 'cancelled' } }
    : frame
}

async function ended(world: JobWorld, toLeft: Tap<JobFrame>): Promise<ClientSegment> {
  const run = await world.submit(await world.connect({ toLeft }))
  return run.ended
}

function vouchersSent(world: JobWorld): number {
  return world.wire.filter((kind) => kind === 'c:voucher').length
}

describe('a provider that breaks the rules', () => {
  for (const { name, code, toLeft, script = {} } of CASES) {
    it(`gets no further voucher for ${name}`, async () => {
      const world = new JobWorld()
      world.engine.script = script
      const segment = await ended(world, toLeft)
      expect(segment.failure?.code).to.equal(code)
      expect(segment.state).to.equal('failed')
      expect(vouchersSent(world)).to.equal(0)
      await world.until(() => world.server.inFlight === 0, 'slot free')
    })
  }

  it('that stops delivering gets no further voucher and the job ends', async () => {
    const world = new JobWorld()
    world.engine.script = {
      gate: (tokens) => (tokens < 32 ? undefined : new Promise(() => undefined)),
    }
    const run = await world.submit(await world.connect())
    await world.until(() => run.state.progress.ids.length === 32, '32 tokens')
    await world.endWithin(run, STALL_TIMEOUT_MS + 1_000)
    expect(run.state.failure?.code).to.equal('PROVIDER_STALLED')
    expect(vouchersSent(world)).to.equal(0)
    await world.until(() => world.server.inFlight === 0, 'slot free')
  })

  it('that never answers an award is given up', async () => {
    const world = new JobWorld()
    const link = await world.connect({ toRight: () => [] })
    const run = await world.submit(link)
    await world.until(() => run.state.state === 'awarded', 'award')
    await world.endWithin(run, ACCEPT_TIMEOUT_MS + 1_000)
    expect(run.state.failure?.code).to.equal('TIMED_OUT')
  })

  it('that ends early is paid exactly what it delivered', async () => {
    const world = new JobWorld()
    world.engine.script = { stopAfter: 40 }
    const segment = await ended(world, (frame) => [frame])
    expect(segment.state).to.equal('finalized')
    expect(segment.progress.receiptedOut).to.equal(40)
    expect(vouchersSent(world)).to.equal(0)
  })

  it('that sends a frame only clients send loses the stream', async () => {
    const world = new JobWorld()
    const turned: Tap<JobFrame> = (frame) =>
      frame.kind === 'accept'
        ? [{ kind: 'cancel', cancel: { ...ref(frame), reason: '' } }]
        : [frame]
    const segment = await ended(world, turned)
    expect(segment.failure?.code).to.equal('PROVIDER_LOST')
  })

  it('that reads nothing cannot keep a job from ending', async () => {
    const world = new JobWorld()
    const link = await world.connect({ capacity: 1 })
    link.provider.paused = true
    const run = await world.submit(link)
    const events = eventsOf(run)
    await world.until(() => link.provider.unread > 0, 'award on the way')
    await world.endWithin(run, 60_000)
    expect(run.state.state).to.equal('failed')
    expect((await events).at(-1)).to.deep.include({ type: 'state', state: 'failed' })
  })

  it('sees its late frames ignored', async () => {
    const world = new JobWorld()
    const link = await world.connect()
    const run = await world.submit(link, { maxTokens: 8 })
    await run.ended
    await world.until(() => world.server.inFlight === 0)
    const stopped = { ...run.key, code: 'INTERNAL', detail: '' }
    await link.provider.send({ kind: 'stopped', stopped })
    const next = await world.submit(link, { maxTokens: 8 })
    expect((await next.ended).state).to.equal('finalized')
  })
})

function ref(frame: Extract<JobFrame, { kind: 'accept' }>): {
  jobId: `0x${string}`
  segment: number
} {
  const { jobId, segment } = frame.accept.accept
  return { jobId, segment }
}
