import { resolve } from 'node:path'
import { expect } from 'chai'
import { loadConfig } from '../../src/config/load-config.ts'
import type { Config } from '../../src/config/index.ts'
import { rejection } from '../reject.ts'

const A = `0x${'ab'.repeat(20)}`
const FLAGS = {
  'network.chainId': 31337,
  'network.rpc': 'http://127.0.0.1:8545',
  'network.registry': A,
  'network.market': A,
  'network.token': A,
  'provider.owner': A,
  'provider.priceIn': '1',
  'provider.priceOut': '2',
  'provider.modelsDir': 'models',
}
const LLAMA = {
  backend: 'openai',
  url: 'http://127.0.0.1:8080/v1/',
  model: 'llama',
  contextLength: 8_192,
}

type Backends = NonNullable<NonNullable<Config['provider']>['backends']>

async function load(...backends: unknown[]): Promise<Backends> {
  const { provider } = await loadConfig({ flags: { ...FLAGS, 'provider.backends': backends } })
  return provider?.backends ?? []
}

describe('provider.backends', () => {
  it('fills in defaults: no key, eight answers, the samplers of OpenAI, no continuing', async () => {
    expect(await load(LLAMA)).to.deep.equal([
      {
        ...LLAMA,
        url: 'http://127.0.0.1:8080/v1',
        slots: 8,
        samplers: 'openai',
        tokenLimit: 'max_tokens',
        continuation: 'none',
      },
    ])
  })

  it('is JSON in the environment, with amounts in wei', async () => {
    const wanted = { ...LLAMA, priceIn: '7', priceOut: '9', apiKeyFile: 'key' }
    const env = { DUCKMESH_PROVIDER_BACKENDS: JSON.stringify([wanted]) }
    const { provider } = await loadConfig({ env, flags: FLAGS })
    const [backend] = provider?.backends ?? []
    expect(backend).to.include({ priceIn: 7n, priceOut: 9n, apiKeyFile: resolve('key') })
    const broken = loadConfig({ env: { DUCKMESH_PROVIDER_BACKENDS: '[{"' }, flags: FLAGS })
    const error = await rejection(broken)
    expect(error.message).to.contain('provider.backends').and.contain('array')
  })

  it('sends a key over https, or to this machine', async () => {
    const keyed = { ...LLAMA, apiKeyFile: 'key' }
    for (const url of ['https://api.example/v1', 'http://localhost:1', 'http://[::1]:1/v1']) {
      expect(await load({ ...keyed, url })).to.have.length(1)
    }
    for (const url of ['http://api.example/v1', 'http://127.0.0.1.example/v1']) {
      const error = await rejection(load({ ...keyed, url }))
      expect(error.message).to.contain('provider.backends.0.apiKeyFile').and.contain('https')
      expect(await load({ ...LLAMA, url })).to.have.length(1)
    }
  })

  const wrong: [string, object, string][] = [
    ['another backend', { backend: 'grpc' }, 'backend'],
    ['an address of another kind', { url: 'ftp://a.example' }, 'url'],
    ['a password in the address', { url: 'http://me:secret@a.example' }, 'url'],
    ['a query in the address', { url: 'http://a.example/v1?key=secret' }, 'url'],
    ['no model', { model: '' }, 'model'],
    ['a name that no offer can carry', { model: 'é'.repeat(65) }, 'name'],
    ['no context', { contextLength: 1 }, 'contextLength'],
    ['no slots', { slots: 0 }, 'slots'],
    ['a key', { apiKey: 'secret' }, 'apiKey'],
    ['unknown samplers', { samplers: 'all' }, 'samplers'],
  ]
  for (const [what, change, field] of wrong) {
    it(`refuses ${what} and names the field`, async () => {
      const error = await rejection(load({ ...LLAMA, ...change }))
      expect(error.code).to.equal('CONFIG_INVALID')
      expect(error.message).to.contain(field).and.not.contain('secret')
    })
  }

  it('refuses one name twice', async () => {
    const error = await rejection(load(LLAMA, { ...LLAMA, model: 'other', name: 'llama' }))
    expect(error.message).to.contain('same name')
    expect(await load(LLAMA, { ...LLAMA, name: 'llama 2' })).to.have.length(2)
  })
})
