import { DuckMeshError } from '@duckmesh/protocols'
import { expect } from 'chai'
import type { LightClient } from '@duckmesh/sdk'
import { PayingClient } from '../../src/gateway/paying-client.ts'
import { rejection } from '../reject.ts'

const REQUEST = { model: 'duckling', messages: [] }

/** A mesh client that notes what is asked of it. */
class NotedClient {
  readonly asked: string[] = []

  offers(): Promise<[]> {
    this.asked.push('offers')
    return Promise.resolve([])
  }

  submit(): Promise<string> {
    this.asked.push('submit')
    return Promise.resolve('job')
  }

  stop(): Promise<void> {
    this.asked.push('stop')
    return Promise.resolve()
  }
}

describe('PayingClient', () => {
  let opened: NotedClient[]

  beforeEach(() => {
    opened = []
  })

  function open(): Promise<LightClient> {
    const client = new NotedClient()
    opened.push(client)
    return Promise.resolve(client as unknown as LightClient)
  }

  it('opens one client at the first request, for all that ask', async () => {
    const paying = new PayingClient({ open, canPay: true })
    expect(opened).to.deep.equal([])
    const { signal } = new AbortController()
    await Promise.all([paying.offers(signal), paying.submit(REQUEST, {}), paying.offers(signal)])
    expect(opened).to.have.length(1)
    expect(opened[0]?.asked).to.have.members(['offers', 'submit', 'offers'])
  })

  it('tries again after a failure, at the next request', async () => {
    let tries = 0
    const flaky = (): Promise<LightClient> => {
      tries += 1
      return tries === 1 ? Promise.reject(new DuckMeshError('NO_PEERS', 'Alone.')) : open()
    }
    const paying = new PayingClient({ open: flaky, canPay: true })
    const both = [rejection(paying.submit(REQUEST, {})), rejection(paying.submit(REQUEST, {}))]
    for (const { code } of await Promise.all(both)) expect(code).to.equal('NO_PEERS')
    expect(tries).to.equal(1)
    await paying.submit(REQUEST, {})
    expect(tries).to.equal(2)
  })

  it('lists models without an account, and refuses jobs before it opens anything', async () => {
    const paying = new PayingClient({ open, canPay: false })
    const { code, message } = await rejection(paying.submit(REQUEST, {}))
    expect(code).to.equal('BALANCE_INSUFFICIENT')
    expect(message).to.contain('gateway.keystore')
    expect(opened).to.deep.equal([])
    await paying.offers(new AbortController().signal)
    expect(opened).to.have.length(1)
  })

  it('stops what it opened, refuses what comes later, and opens nothing for it', async () => {
    const paying = new PayingClient({ open, canPay: true })
    await paying.submit(REQUEST, {})
    await paying.stop()
    expect(opened[0]?.asked).to.deep.equal(['submit', 'stop'])
    const { code } = await rejection(paying.submit(REQUEST, {}))
    expect(code).to.equal('SHUTTING_DOWN')
    expect(opened).to.have.length(1)
  })

  it('ends an opening that is under way', async () => {
    const opening = (signal: AbortSignal): Promise<LightClient> =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error)
        })
      })
    const paying = new PayingClient({ open: opening, canPay: true })
    const asked = rejection(paying.submit(REQUEST, {}))
    await paying.stop()
    expect((await asked).code).to.equal('SHUTTING_DOWN')
  })
})
