import type { Stream } from '@libp2p/interface'
import { expect } from 'chai'
import { WarmStreams } from '../../src/host/warm-streams.ts'
import type { OpenSteps, WarmStream } from '../../src/host/warm-streams.ts'
import { expectCode } from '../support/expect-code.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'

const quiet = new AbortController().signal

class FakeStream implements WarmStream {
  closed = false
  closes = 0

  close(): Promise<void> {
    this.closes += 1
    this.closed = true
    return Promise.resolve()
  }
}

/** Dials that a test lets go, in order. */
class Desk {
  readonly clock = new FakeClock()
  readonly streams: WarmStreams<FakeStream> = new WarmStreams<FakeStream>(this.clock)
  dials = 0
  readonly aborted: unknown[] = []
  gate: Promise<void> = Promise.resolve()
  greeting: () => Promise<FakeStream> = () => Promise.resolve(new FakeStream())

  readonly steps: OpenSteps<FakeStream> = {
    dial: async (signal) => {
      this.dials += 1
      await Promise.race([this.gate, rejectedBy(signal)])
      return { abort: (reason: Error) => this.aborted.push(reason) } as unknown as Stream
    },
    greet: () => this.greeting(),
  }

  get(key = 'a', signal = quiet): Promise<FakeStream> {
    return this.streams.get(key, this.steps, signal)
  }
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => {
      reject(signal.reason as Error)
    }
    if (signal.aborted) fail()
    signal.addEventListener('abort', fail, { once: true })
  })
}

const never = (): Promise<void> => new Promise(() => undefined)

describe('WarmStreams', () => {
  it('opens one stream for all who ask, and one for each key', async () => {
    const desk = new Desk()
    const [one, two, other] = await Promise.all([desk.get(), desk.get(), desk.get('b')])
    expect(two).to.equal(one)
    expect(other).to.not.equal(one)
    expect(await desk.get()).to.equal(one)
    expect(desk.dials).to.equal(2)
    expect(desk.clock.pending).to.equal(0)
  })

  it('opens a new one when the kept one closed, once for all who ask then', async () => {
    const desk = new Desk()
    const before = await desk.get()
    before.closed = true
    const [one, two] = await Promise.all([desk.get(), desk.get()])
    expect(one).to.not.equal(before)
    expect(two).to.equal(one)
    expect(desk.dials).to.equal(2)
  })

  it('resets a stream whose hellos failed, and tries again for the next who asks', async () => {
    const desk = new Desk()
    desk.greeting = () => Promise.reject(new Error('the socket broke'))
    const error = await expectCode('PROVIDER_LOST', () => desk.get())
    expect(desk.aborted).to.deep.equal([error])
    desk.greeting = () => Promise.resolve(new FakeStream())
    await desk.get()
    expect(desk.dials).to.equal(2)
  })

  it('gives up after 10 s, with the dial', async () => {
    const desk = new Desk()
    desk.gate = never()
    const failed = expectCode('TIMED_OUT', () => desk.get())
    await desk.clock.advance(9_999)
    await desk.clock.advance(1)
    await failed
    expect(desk.clock.pending).to.equal(0)
  })

  it('lets one who waits go without ending the dial for the others', async () => {
    const desk = new Desk()
    const dialled = Promise.withResolvers<undefined>()
    desk.gate = dialled.promise.then(() => undefined)
    const impatient = new AbortController()
    const failed = expectCode('CANCELLED', () => desk.get('a', impatient.signal))
    const patient = desk.get()
    await settle()
    impatient.abort()
    await failed
    dialled.resolve(undefined)
    expect((await patient).closed).to.equal(false)
    expect(desk.dials).to.equal(1)
  })

  it('closes what is open and what is being opened, and opens nothing after that', async () => {
    const desk = new Desk()
    const open = await desk.get()
    desk.gate = never()
    const opening = expectCode('SHUTTING_DOWN', () => desk.get('b'))
    await settle()
    await desk.streams.close()
    await opening
    expect(open.closes).to.equal(1)
    await expectCode('SHUTTING_DOWN', () => desk.get())
    expect(desk.dials).to.equal(2)
    expect(desk.clock.pending).to.equal(0)
  })
})
