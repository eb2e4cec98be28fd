import { expect } from 'chai'
import type { JobFrame } from '@duckmesh/proto'
import type { ClientRun } from '../../../src/dispatch/index.ts'
import { END_GRACE_MS, MAX_SEGMENTS_PER_PAYER } from '../../../src/dispatch/constants.ts'
import { SEND_TIMEOUT_MS, VOUCHER_TIMEOUT_MS } from '../../../src/dispatch/constants.ts'
import { DuckMeshError } from '../../../src/errors.ts'
import { JobWorld, PROVIDER } from '../../support/job-world.ts'
import { gate } from '../../support/scripted-engine.ts'
import { signedVoucher } from '../../support/resign.ts'
import type { Tap } from '../../support/stream-pair.ts'

const silent: Tap<JobFrame> = (frame) =>
  frame.kind === 'voucher' || frame.kind === 'cancel' ? [] : [frame]

describe('a client that breaks the rules', () => {
  it('gets no further token when it stops paying; the slot is freed', async () => {
    const world = new JobWorld()
    const run = await world.submit(await world.connect({ toRight: silent }))
    await world.until(() => run.state.progress.seq === 1, 'first receipt')
    await world.clock.advance(VOUCHER_TIMEOUT_MS - 1_000)
    expect(world.engine.steps).to.deep.equal([64])
    expect(world.server.inFlight).to.equal(1)
    await world.endWithin(run, 2_000)
    await world.until(() => world.server.inFlight === 0)
    const row = await world.jobLog.getSegment(run.key)
    expect(row?.failure?.code).to.equal('PAYMENT_MISSING')
    expect(world.engine.steps).to.deep.equal([64])
    expect(world.engine.open_).to.equal(0)
  })

  it('gets no token for vouchers that are forged, too low, of another payer or above the channel', async () => {
    const world = new JobWorld()
    const thief = world.newPayer('thief')
    const mine = world.payer
    const bad: Tap<JobFrame> = (frame) => {
      if (frame.kind !== 'voucher') return [frame]
      const { voucher } = frame
      const { voucher: content } = voucher.voucher
      const huge = { ...content, cumulative: 10n ** 24n }
      const theirs = { ...content, payer: thief.address }
      return [
        { kind: 'voucher', voucher: { ...voucher, voucher: signedVoucher(thief.signer, content) } },
        { kind: 'voucher', voucher: { ...voucher, amount: voucher.amount + 1n } },
        { kind: 'voucher', voucher: { ...voucher, voucher: signedVoucher(thief.signer, theirs) } },
        { kind: 'voucher', voucher: { ...voucher, voucher: signedVoucher(mine.signer, huge) } },
      ]
    }
    const run = await world.submit(await world.connect({ toRight: bad }))
    await world.until(() => run.state.progress.seq === 1, 'first receipt')
    const refused = (): number =>
      world.logger.entries.filter(({ event }) => event === 'voucher refused').length
    await world.until(() => refused() === 4, 'four refusals')
    await world.endWithin(run, VOUCHER_TIMEOUT_MS + 1_000)
    expect(world.engine.steps).to.deep.equal([64])
    const rows = await world.ledger.listChannels()
    expect(rows.map(({ payer }) => payer)).to.deep.equal([mine.address])
  })

  it('cannot spend what another payer left over', async () => {
    const world = new JobWorld()
    world.engine.script = { stopAfter: 1 }
    await (
      await world.submit(await world.connect())
    ).ended
    await world.until(() => world.server.inFlight === 0)
    const [rich] = await world.ledger.listChannels()
    const thief = world.newPayer('thief')
    // No raise is claimed, so nothing about the signature would be looked at.
    const steal: Tap<JobFrame> = (frame) => {
      if (frame.kind !== 'award' || frame.award.voucher === undefined) return [frame]
      const content = { payer: world.payer.address, provider: PROVIDER, cumulative: 0n, epoch: 0 }
      const voucher = { ...frame.award.voucher, voucher: signedVoucher(thief.signer, content) }
      return [{ kind: 'award', award: { ...frame.award, voucher } }]
    }
    const link = await world.connect({ toRight: steal }, thief)
    // One token of output: the credit would cover it.
    const run = await world.submit(link, { maxTokens: 1, inBucket: 1 }, thief)
    expect((await run.ended).failure?.code).to.equal('VOUCHER_INVALID')
    expect(
      await world.ledger.loadChannel({ payer: world.payer.address, provider: PROVIDER }),
    ).to.deep.equal(rich)
  })

  it('that reads nothing loses the stream, and the slot is free', async () => {
    const world = new JobWorld()
    world.engine.script = { group: 1 }
    const link = await world.connect({ capacity: 2 })
    link.client.paused = true
    const run = await world.submit(link)
    await world.until(() => link.client.unread >= 2, 'a full pipe')
    expect(world.server.inFlight).to.equal(1)
    await world.endWithin(run, SEND_TIMEOUT_MS + END_GRACE_MS)
    await world.until(() => world.server.inFlight === 0, 'slot free')
    expect(link.provider.closed).to.equal(true)
    // The step was paid: it runs to its end and its receipt is kept.
    const row = await world.jobLog.getSegment(run.key)
    expect(row?.failure?.code).to.equal('CLIENT_LOST')
    expect(row?.receipts).to.have.length(1)
    expect(row?.completionIds).to.have.length(64)
  })

  it('that reads nothing holds no slot with refused awards', async () => {
    const world = new JobWorld(1)
    world.quotes = { find: () => undefined }
    const link = await world.connect({ capacity: 1 })
    link.client.paused = true
    for (let i = 0; i < 2; i += 1) await world.submit(link)
    await world.until(() => world.wire.includes('p:refuse'), 'a refusal')
    expect(link.client.unread).to.equal(1)
    expect(world.server.inFlight).to.equal(0)
    // One answer waits; the next award is not even read.
    expect(world.wire.filter((kind) => kind === 'p:refuse')).to.have.length(1)
    await world.clock.advance(SEND_TIMEOUT_MS)
    await world.until(() => link.provider.closed, 'stream lost')
  })

  it('that reads nothing holds no slot with an award that fails at the engine', async () => {
    const world = new JobWorld(1)
    world.engine.script = { failOpen: new DuckMeshError('PROMPT_EMPTY', 'No prompt.') }
    const link = await world.connect({ capacity: 1 })
    link.client.paused = true
    await world.submit(link)
    await world.until(() => world.wire.includes('p:refuse'), 'a refusal')
    expect(world.server.inFlight).to.equal(0)
  })

  it('gets Busy when the slots are taken, and is served when one is free', async () => {
    const world = new JobWorld(1)
    const held = gate()
    world.engine.script = { gate: () => held.wait }
    const link = await world.connect()
    const first = await world.submit(link, { maxTokens: 8 })
    await world.until(() => first.state.state === 'accepted')
    const second = await world.submit(link, { maxTokens: 8 })
    expect((await second.ended).failure?.code).to.equal('PROVIDER_BUSY')
    held.open()
    expect((await first.ended).state).to.equal('finalized')
    await world.until(() => world.server.inFlight === 0)
    const third = await world.submit(link, { maxTokens: 8 })
    expect((await third.ended).state).to.equal('finalized')
  })

  it('has a bounded number of open segments over all its streams', async () => {
    const world = new JobWorld(MAX_SEGMENTS_PER_PAYER + 4)
    const held = gate()
    world.engine.script = { gate: () => held.wait }
    const links = [await world.connect(), await world.connect()]
    const runs: ClientRun[] = []
    for (let i = 0; i < MAX_SEGMENTS_PER_PAYER; i += 1) {
      const link = links[i % 2]
      if (link !== undefined) runs.push(await world.submit(link, { maxTokens: 4 }))
    }
    await world.until(() => runs.every(({ state }) => state.state === 'accepted'), 'all accepted')
    const [link] = links
    if (link === undefined) return
    const more = await world.submit(link, { maxTokens: 4 })
    expect((await more.ended).failure?.code).to.equal('RATE_LIMITED')
    held.open()
    for (const run of runs) expect((await run.ended).state).to.equal('finalized')
  })

  it('loses the stream for a frame only providers send', async () => {
    const world = new JobWorld()
    const link = await world.connect()
    const ref = { jobId: `0x${'00'.repeat(32)}` as const, segment: 0 }
    await link.client.send({ kind: 'busy', busy: { ...ref, retryAfterMs: 0 } })
    const error: unknown = await link.served.catch((thrown: unknown) => thrown)
    expect(error).to.have.property('code', 'UNEXPECTED_FRAME')
    await world.until(() => link.connection.closed, 'client sees it')
  })

  it('loses the stream for bytes that are no frame; a running job ends', async () => {
    const world = new JobWorld()
    world.engine.script = {
      gate: (tokens) => (tokens < 8 ? undefined : new Promise(() => undefined)),
    }
    const link = await world.connect()
    const run = await world.submit(link)
    await world.until(() => run.state.state === 'running')
    link.client.sendBytes(new Uint8Array([255, 255, 255]))
    const error: unknown = await link.served.catch((thrown: unknown) => thrown)
    expect(error).to.have.property('code', 'MALFORMED_FRAME')
    expect((await run.ended).failure?.code).to.equal('PROVIDER_LOST')
  })

  it('is not served without a client binding', async () => {
    const world = new JobWorld()
    const { provider, client } = await world.connect()
    const hello = { version: 1, network: 'x', due: 0n }
    const error: unknown = await world.server
      .serve({ stream: provider, remote: { hello } })
      .catch((thrown: unknown) => thrown)
    expect(error).to.have.property('code', 'BINDING_MISMATCH')
    expect(client.closed).to.equal(false)
  })

  it('is answered to a ping', async () => {
    const world = new JobWorld()
    const link = await world.connect()
    await link.client.send({ kind: 'ping', ping: { nonce: 7, pong: false } })
    await world.until(() => world.wire.includes('p:ping'), 'pong')
    await world.clock.advance(45_000)
    expect(world.wire.filter((kind) => kind === 'c:ping')).to.have.length(2)
  })
})
