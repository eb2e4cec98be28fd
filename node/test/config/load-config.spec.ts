import { writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { z } from 'zod'
import { loadConfig } from '../../src/config/load-config.ts'
import { OPTIONS, optionOfVariable, variableOf } from '../../src/config/options.ts'
import { configSchema } from '../../src/config/schema.ts'
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'

const A = `0x${'Ab'.repeat(20)}`
const NETWORK = {
  'network.chainId': 31337,
  'network.rpc': 'http://127.0.0.1:8545',
  'network.registry': A,
  'network.market': A,
  'network.token': A,
}
const PROVIDER = {
  'provider.owner': A,
  'provider.priceIn': '250000000000000000',
  'provider.priceOut': '1000000000000000000',
  'provider.modelsDir': 'models',
}

describe('loadConfig', () => {
  it('fills in defaults, all on loopback', async () => {
    const config = await loadConfig({ flags: NETWORK })
    expect(config.listen).to.deep.equal({ host: '127.0.0.1', tcp: 3825, ws: 3826 })
    expect(config.dataDir).to.equal(join(homedir(), '.duckmesh'))
    expect(config.network.local).to.equal(false)
    expect(config.network.registry).to.equal(A.toLowerCase())
    expect(config.provider).to.equal(undefined)
    expect(config.seeds).to.deep.equal([])
    expect(config.gateway).to.deep.equal({ host: '127.0.0.1', port: 3828 })
    expect(config.log).to.deep.equal({ level: 'info', json: false })
    expect(config.redeem.minVouchers).to.be.at.most(256)
    expect(config.evidence).to.deep.equal({ submit: true })
    expect(config.engine).to.deep.equal({ device: 'cpu', threads: 'auto' })
  })

  it('takes a device that there is, and names those when it is another', async () => {
    const of = (device: string): ReturnType<typeof loadConfig> =>
      loadConfig({ env: { DUCKMESH_ENGINE_DEVICE: device }, flags: NETWORK })
    expect((await of('webgpu')).engine).to.deep.equal({ device: 'webgpu', threads: 'auto' })
    const { message } = await rejection(of('gpu'))
    expect(message).to.match(/webgpu.*DUCKMESH_ENGINE_DEVICE/)
  })

  it('takes a number of threads or auto', async () => {
    const of = (threads: string): ReturnType<typeof loadConfig> =>
      loadConfig({ env: { DUCKMESH_ENGINE_THREADS: threads }, flags: NETWORK })
    expect((await of('4')).engine.threads).to.equal(4)
    expect((await of('auto')).engine.threads).to.equal('auto')
    for (const wrong of ['0', 'all', '1000']) {
      expect((await rejection(of(wrong))).message).to.include('DUCKMESH_ENGINE_THREADS')
    }
  })

  it('lets a flag win over the environment, and that over the file', async () => {
    await withTempDir(async (folder) => {
      const file = join(folder, 'config.json')
      await writeFile(file, JSON.stringify({ listen: { tcp: 1, ws: 1, host: '0.0.0.0' } }))
      const env = { DUCKMESH_LISTEN_WS: '2', DUCKMESH_LISTEN_TCP: '2', HOME: '/x' }
      const { listen } = await loadConfig({ file, env, flags: { ...NETWORK, 'listen.tcp': '3' } })
      expect(listen).to.deep.equal({ host: '0.0.0.0', ws: 2, tcp: 3 })
    })
  })

  it('reads lists, switches and amounts from text', async () => {
    const env = {
      DUCKMESH_SEEDS: '/ip4/127.0.0.1/tcp/1, /dns4/seed.example/tcp/2',
      DUCKMESH_NETWORK_LOCAL: 'true',
      DUCKMESH_PRIVATE_KEY: '0x01',
      DUCKMESH_LOG_JSON: '0',
    }
    const config = await loadConfig({ env, flags: { ...NETWORK, ...PROVIDER } })
    expect(config.seeds).to.deep.equal(['/ip4/127.0.0.1/tcp/1', '/dns4/seed.example/tcp/2'])
    expect(config.network.local).to.equal(true)
    expect(config.log.json).to.equal(false)
    expect(config.keys.privateKey).to.equal('0x01')
    expect(config.provider).to.deep.equal({
      owner: A.toLowerCase(),
      priceIn: 25n * 10n ** 16n,
      priceOut: 10n ** 18n,
      slots: 16,
      modelsDir: resolve('models'),
    })
  })

  it('leaves out flags that are undefined and variables it is told of', async () => {
    const env = { DUCKMESH_CONFIG: '/c.json' }
    const flags = { ...NETWORK, 'listen.tcp': undefined }
    const config = await loadConfig({ env, flags, otherVariables: ['DUCKMESH_CONFIG'] })
    expect(config.listen.tcp).to.equal(3825)
  })

  it('names the option, where it was set and what is allowed', async () => {
    await withTempDir(async (folder) => {
      const file = join(folder, 'config.json')
      await writeFile(file, JSON.stringify({ listen: { port: 1, tcp: 70_000 }, colour: 'red' }))
      const env = { DUCKMESH_LOG_LEVEL: 'loud', DUCKMESH_SEEDS: 'a.example:3825' }
      const flags = {
        ...NETWORK,
        'network.rpc': 'ws://x',
        'network.chainId': 'one',
        'network.local': 'maybe',
      }
      const error = await rejection(loadConfig({ file, env, flags }))
      expect(error.code).to.equal('CONFIG_INVALID')
      const issues = error.details['issues'] as string[]
      const line = (start: string): string =>
        issues.find((issue) => issue.startsWith(`  ${start}:`)) ?? ''
      expect(line('listen.tcp')).to.match(/65535/).and.contain(`(from ${file})`)
      expect(line('listen')).to.contain('unknown: port; allowed: host, tcp, ws')
      expect(line('config')).to.contain('unknown: colour; allowed: network, seeds, listen')
      expect(line('log.level'))
        .to.match(/"debug".*"warn"/)
        .and.contain('(from DUCKMESH_LOG_LEVEL)')
      expect(line('seeds.0')).to.contain('/ip4/127.0.0.1/tcp/3825').and.contain('DUCKMESH_SEEDS')
      expect(line('network.rpc')).to.contain('http').and.contain('--network.rpc')
      expect(line('network.chainId')).to.contain('number')
      expect(line('network.local')).to.contain('boolean')
      for (const issue of issues) expect(error.message).to.contain(issue)
    })
  })

  it('relays for nobody and through nobody unless it is told, and takes names of relays only', async () => {
    const { redeem, relay } = await loadConfig({ flags: NETWORK })
    expect(redeem).to.include({ relay: 'none', relayFeeBps: 0 })
    expect(relay).to.deep.equal({ enabled: false, feeBps: 0, gatherMs: 2_000 })
    const peerId = '12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA'
    for (const [text, read] of [
      ['none', 'none'],
      [A, A.toLowerCase()],
      [peerId, peerId],
    ] as const) {
      const flags = { ...NETWORK, 'redeem.relay': text }
      expect((await loadConfig({ flags })).redeem.relay).to.equal(read)
    }
    const bad: [string, string][] = [
      ['redeem.relay', 'everybody'],
      ['redeem.relay', '0x12'],
      // Of an RSA key: no peer of the mesh.
      ['redeem.relay', 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N'],
      ['redeem.relayFeeBps', '101'],
      ['relay.feeBps', '101'],
      ['relay.gatherMs', '10001'],
    ]
    for (const [option, text] of bad) {
      const error = await rejection(loadConfig({ flags: { ...NETWORK, [option]: text } }))
      expect(error.code).to.equal('CONFIG_INVALID')
      expect(error.message).to.contain(option)
    }
  })

  it('refuses amounts that are no uint96', async () => {
    for (const bad of ['-1', '1.5', '1e18', '79228162514264337593543950336', '']) {
      const flags = { ...NETWORK, ...PROVIDER, 'provider.priceIn': bad }
      const error = await rejection(loadConfig({ flags }))
      expect(error.message).to.contain('provider.priceIn').and.contain('wei')
    }
    const most = { ...NETWORK, ...PROVIDER, 'provider.priceIn': '79228162514264337593543950335' }
    expect((await loadConfig({ flags: most })).provider?.priceIn).to.equal(2n ** 96n - 1n)
  })

  it('refuses unknown variables and flags by name', async () => {
    const first = await rejection(
      loadConfig({ env: { DUCKMESH_LISTEN_PORT: '1' }, flags: NETWORK }),
    )
    expect(first.message).to.contain('DUCKMESH_LISTEN_PORT').and.contain('listen.tcp')
    const second = await rejection(loadConfig({ flags: { ...NETWORK, port: 1 } }))
    expect(second.details['option']).to.equal('port')
  })

  it('says where a file is not JSON, without quoting it', async () => {
    await withTempDir(async (folder) => {
      const file = join(folder, 'config.json')
      for (const text of ['{\n "keys": {"privateKey": "0xsecret" "a"}}', '0xsecret', '[]']) {
        await writeFile(file, text)
        const error = await rejection(loadConfig({ file }))
        expect(error.code).to.equal('CONFIG_INVALID')
        expect(error.message).to.contain(file).and.not.contain('secret')
        expect(error.cause).to.equal(undefined)
      }
      expect((await rejection(loadConfig({ file: join(folder, 'none') }))).code).to.equal(
        'CONFIG_INVALID',
      )
    })
  })

  it('says so when a file has a value where options belong', async () => {
    await withTempDir(async (folder) => {
      const file = join(folder, 'config.json')
      await writeFile(file, JSON.stringify({ listen: 3825 }))
      const error = await rejection(loadConfig({ file, flags: { ...NETWORK, 'listen.tcp': 1 } }))
      expect(error.message).to.match(/listen: .*object/)
    })
  })
})

describe('options', () => {
  it('are the leaves of the schema, each with a variable of its own', () => {
    const json = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' })
    expect(leavesOf(json).sort()).to.deep.equal(Object.keys(OPTIONS).sort())
    const names = Object.keys(OPTIONS).map(variableOf)
    expect(new Set(names).size).to.equal(names.length)
    expect(names.map(optionOfVariable)).to.deep.equal(Object.keys(OPTIONS))
    expect(variableOf('network.chainId')).to.equal('DUCKMESH_NETWORK_CHAIN_ID')
  })
})

/** Paths of a JSON schema that have no properties below them. */
function leavesOf(schema: unknown, path = ''): string[] {
  const { properties } = schema as { properties?: Record<string, unknown> }
  if (properties === undefined) return [path]
  return Object.entries(properties).flatMap(([name, below]) =>
    leavesOf(below, path === '' ? name : `${path}.${name}`),
  )
}
