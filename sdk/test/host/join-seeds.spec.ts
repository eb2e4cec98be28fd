import type { Connection } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { expect } from 'chai'
import { joinSeeds } from '../../src/host/join-seeds.ts'
import { expectCode } from '../support/expect-code.ts'
import { FakeClock } from '../support/fake-clock.ts'

const A = '/ip4/127.0.0.1/tcp/1'
const B = '/ip4/127.0.0.1/tcp/2'
type Dial = (address: string, signal: AbortSignal) => Promise<unknown>

function hostOf(dial: Dial): Parameters<typeof joinSeeds>[0] {
  return {
    dial: (address, options) =>
      dial((address as Multiaddr).toString(), options!.signal!) as Promise<Connection>,
  }
}

const never: Dial = (_, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error)
    })
  })

describe('joinSeeds', () => {
  it('resolves when the first seed answers, and frees its timer when the others have ended', async () => {
    const clock = new FakeClock()
    const host = hostOf((address) =>
      address === B ? Promise.resolve() : Promise.reject(new Error('refused')),
    )
    await joinSeeds(host, [A, B], { clock, timeoutMs: 100 })
    await clock.advance(0)
    expect(clock.pending).to.equal(0)
  })

  it('says which seeds were tried and why each failed', async () => {
    const host = hostOf((address) =>
      Promise.reject(
        new AggregateError([new Error(`no ${address}`, { cause: new Error('ECONN') })]),
      ),
    )
    const error = await expectCode('NO_PEERS', () =>
      joinSeeds(host, [A, B], { clock: new FakeClock(), timeoutMs: 100 }),
    )
    expect(error.details['tried']).to.deep.equal([`${A}: ECONN`, `${B}: ECONN`])
    expect(error.message).to.contain(A)
  })

  it('gives up when the time is over', async () => {
    const clock = new FakeClock()
    const joining = joinSeeds(hostOf(never), [A], { clock, timeoutMs: 100 })
    const failed = expectCode('NO_PEERS', () => joining)
    await clock.advance(100)
    await failed
  })

  it('rejects with CANCELLED when the caller aborts', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const joining = joinSeeds(hostOf(never), [A], {
      clock: new FakeClock(),
      timeoutMs: 100,
      signal,
    })
    controller.abort()
    await expectCode('CANCELLED', () => joining)
  })

  for (const seeds of [[], ['nowhere'], [A, '/ip4/999.1.1.1/tcp/1']]) {
    it(`refuses the seeds ${JSON.stringify(seeds)} before any dial`, async () => {
      const host = hostOf(() => expect.fail('dialled'))
      await expectCode('CONFIG_INVALID', () =>
        joinSeeds(host, seeds, { clock: new FakeClock(), timeoutMs: 100 }),
      )
    })
  }
})
